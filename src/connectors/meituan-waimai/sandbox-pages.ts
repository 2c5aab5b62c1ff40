import type { CallAnswer } from '../../core/sandbox.ts';

/** What the pages say. No document tells which languages the real ones have, so those of the console are played. */
const WORDS = {
  zh: {
    lang: 'zh-CN',
    bind: '门店映射',
    asked: '服务商申请将以下门店绑定到其系统：',
    name: '门店名称：',
    unnamed: '（未填写）',
    number: '服务商门店编号：',
    agreeToBind: '绑定',
    bound: '绑定成功',
    isBound: (name: string, number: string) => `「${name}」已与门店编号 ${number} 绑定。`,
    release: '解除门店映射',
    agreeToRelease: '解绑',
    released: '解绑成功',
    isReleased: (number: string) => `门店编号 ${number} 已解绑。`,
    fault: '无法打开',
    played: '沙箱页面：由汇单沙箱扮演的开放平台，非真实平台。',
  },
  en: {
    lang: 'en',
    bind: 'Store mapping',
    asked: 'A service provider asks for this store to be bound to its system:',
    name: 'Name: ',
    unnamed: '(none)',
    number: 'Number at the provider: ',
    agreeToBind: 'Bind',
    bound: 'Bound',
    isBound: (name: string, number: string) => `“${name}” is bound to the number ${number}.`,
    release: 'Release of a store',
    agreeToRelease: 'Release',
    released: 'Released',
    isReleased: (number: string) => `The number ${number} is released.`,
    fault: 'It cannot be opened',
    played: 'A page of Huidan’s sandbox, which plays the platform. It is not the real one.',
  },
} as const;

type Words = (typeof WORDS)['zh' | 'en'];

/** By the option `language` of a link; without it Chinese. */
const wordsOf = (language: string | undefined): Words => WORDS[/^en\b/iu.test(language ?? '') ? 'en' : 'zh'];

const escape = (text: string): string =>
  text.replaceAll(/[&<>"']/gu, (character) => `&#${character.codePointAt(0) ?? 0};`);

const page = (words: Words, status: number, title: string, body: string): CallAnswer => ({
  status,
  contentType: 'text/html; charset=utf-8',
  body: `<!doctype html>
<html lang="${words.lang}">
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
<p><small>${words.played}</small></p>
</body>
</html>
`,
});

const agree = (label: string): string =>
  `<form method="post"><button type="submit" name="agree" value="1">${label}</button></form>`;

/** Where a merchant, logged in at the real platform by now, agrees that his store becomes ours. */
export function bindPage(ePoiId: string, name: string, language: string | undefined): CallAnswer {
  const words = wordsOf(language);
  const shown = escape(name === '' ? words.unnamed : name);
  return page(
    words,
    200,
    words.bind,
    `<p>${words.asked}</p>
<p>${words.name}<b>${shown}</b><br>${words.number}<b>${escape(ePoiId)}</b></p>
${agree(words.agreeToBind)}`,
  );
}

export function releasePage(ePoiId: string, language: string | undefined): CallAnswer {
  const words = wordsOf(language);
  const body = `<p>${words.number}<b>${escape(ePoiId)}</b></p>\n${agree(words.agreeToRelease)}`;
  return page(words, 200, words.release, body);
}

/** Tells a page around it too, as the real one does. */
const donePage = (words: Words, title: string, text: string, event: 'msg-token' | 'releaseBinding'): CallAnswer =>
  page(
    words,
    200,
    title,
    `<p>${escape(text)}</p>
<script>if (parent !== window) parent.postMessage({ event: ${JSON.stringify(event)} }, '*');</script>`,
  );

export function boundPage(ePoiId: string, name: string, language: string | undefined): CallAnswer {
  const words = wordsOf(language);
  return donePage(words, words.bound, words.isBound(name, ePoiId), 'msg-token');
}

export function releasedPage(ePoiId: string, language: string | undefined): CallAnswer {
  const words = wordsOf(language);
  return donePage(words, words.released, words.isReleased(ePoiId), 'releaseBinding');
}

export const faultPage = (text: string): CallAnswer => page(WORDS.zh, 400, WORDS.zh.fault, `<p>${escape(text)}</p>`);
