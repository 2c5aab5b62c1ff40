import type { CallAnswer } from '../../core/sandbox.ts';
import { SHOPS } from './sandbox-order.ts';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replaceAll(/[&<>"']/gu, (char) => ESCAPES[char] ?? char);

/** The page where a merchant lets the app manage its shops. Both links come back to it with the merchant's answer. */
export function authorizePage(asked: URLSearchParams): CallAnswer {
  const link = (answer: 'yes' | 'no'): string => {
    const query = new URLSearchParams(asked);
    query.set('answer', answer);
    return escape(`?${query.toString()}`);
  };
  const shops = SHOPS.map(({ id, name }) => `<li>${escape(name)}（${id}）</li>`).join('');
  const body = `<!doctype html>
<html lang="zh-CN">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>饿了么商家授权（沙箱）</title>
<style>body{font:16px/1.6 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}
a{display:inline-block;padding:.5rem 1.5rem;margin-right:1rem;border-radius:.4rem;text-decoration:none}
a.yes{background:#0085ff;color:#fff}a.no{border:1px solid #999;color:#333}</style></head>
<body><h1>饿了么商家授权</h1>
<p>应用 <code>${escape(asked.get('client_id') ?? '')}</code> 申请管理以下店铺的订单与商品：</p><ul>${shops}</ul>
<p><a class="yes" id="grant" href="${link('yes')}">授权</a><a class="no" id="deny" href="${link('no')}">拒绝</a></p>
<p>这是汇单沙箱扮演的页面，不会连接真实的饿了么。</p></body></html>
`;
  return { status: 200, contentType: 'text/html; charset=utf-8', body };
}
