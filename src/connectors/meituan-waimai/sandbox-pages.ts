import type { CallAnswer } from '../../core/sandbox.ts';

const escape = (text: string): string =>
  text.replaceAll(/[&<>"']/gu, (character) => `&#${character.codePointAt(0) ?? 0};`);

const page = (title: string, body: string): string => `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<style>
body { font-family: system-ui, sans-serif; max-width: 30rem; margin: 4rem auto; padding: 0 1rem; line-height: 1.6; color: #222; }
h1 { font-size: 1.25rem; }
button { font-size: 1rem; padding: 0.6rem 1.6rem; border: 0; border-radius: 0.3rem; background: #ffd100; cursor: pointer; }
small { color: #777; }
</style>
</head>
<body>
<h1>${escape(title)}</h1>
${body}
<p><small>沙箱页面：由汇单沙箱扮演的开放平台，非真实平台。</small></p>
</body>
</html>
`;

const html = (status: number, body: string): CallAnswer => ({ status, contentType: 'text/html; charset=utf-8', body });

/** Where a merchant, logged in at the real platform by now, agrees that his store becomes ours. */
export const bindPage = (ePoiId: string, name: string): CallAnswer =>
  html(
    200,
    page(
      '门店映射',
      `<p>服务商申请将以下门店绑定到其系统：</p>
<p>门店名称：<b>${escape(name === '' ? '（未填写）' : name)}</b><br>服务商门店编号：<b>${escape(ePoiId)}</b></p>
<form method="post"><button type="submit" name="agree" value="1">绑定</button></form>`,
    ),
  );

export const releasePage = (ePoiId: string): CallAnswer =>
  html(
    200,
    page(
      '解除门店映射',
      `<p>服务商门店编号：<b>${escape(ePoiId)}</b></p>
<form method="post"><button type="submit" name="agree" value="1">解绑</button></form>`,
    ),
  );

/** Tells a page around it too, as the real one does. */
export const donePage = (title: string, text: string, event: 'msg-token' | 'releaseBinding'): CallAnswer =>
  html(
    200,
    page(
      title,
      `<p>${escape(text)}</p>
<script>if (parent !== window) parent.postMessage({ event: ${JSON.stringify(event)} }, '*');</script>`,
    ),
  );

export const faultPage = (text: string): CallAnswer => html(400, page('无法打开', `<p>${escape(text)}</p>`));
