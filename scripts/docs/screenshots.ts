// node scripts/docs/screenshots.ts   starts the demo, waits until its board is busy, writes docs/images/*.png for both READMEs
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import { removeDataFolder } from '../../src/store/embedded/data-folders.ts';
import { buildConsole } from '../console/build.ts';
import { ensureChromium } from '../testing/ensure-chromium.ts';

const rootDir = join(import.meta.dirname, '..', '..');
const imageDir = join(rootDir, 'docs', 'images');
const KEY = 'hdk_the-admin-key-of-the-screenshots';
const USER = { username: 'owner', password: 'a long sentence nobody guesses' };
const LANGUAGES = ['zh', 'en'] as const;
type Language = (typeof LANGUAGES)[number];

/** A minute passes in a second: slow enough that every column of the board has something at once. */
const SPEED = 60;
const BUSY_TIMEOUT_MS = 180_000;
const WIDTH = 1440;
const PHONE = { width: 390, height: 780 };
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

interface Listed<T> {
  readonly data: readonly T[];
}
interface ListedOrder {
  readonly id: string;
  readonly platform: string;
  readonly status: string;
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The demo as `npm start` runs it, on a folder and a port of its own. */
async function startDemo(dataDir: string, port: number): Promise<ChildProcess> {
  const demo = spawn(
    process.execPath,
    ['bin/huidan.js', 'demo', '--speed', String(SPEED), '--rate', '1.5', '--chaos', 'duplicate=0.1'],
    {
      cwd: rootDir,
      env: {
        PATH: process.env['PATH'] ?? '',
        HUIDAN_DATA_DIR: dataDir,
        HUIDAN_PORT: String(port),
        HUIDAN_ADMIN_KEY: KEY,
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let printed = '';
  await new Promise<void>((resolve, reject) => {
    demo.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      if (printed.includes('Huidan is ready')) resolve();
    });
    demo.once('exit', (code) => reject(new Error(`the demo ended with ${code}: ${printed}`)));
  });
  return demo;
}

type Call = <T>(method: string, path: string, body?: unknown) => Promise<T>;

function caller(url: string): Call {
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${KEY}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };
}

/** Waits for what `look` finds; undefined is not yet. */
async function until<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = performance.now() + BUSY_TIMEOUT_MS;
  while (performance.now() < deadlineMs) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(500);
  }
  throw new Error(`waited in vain for ${what}`);
}

/** New orders, accepted ones, ones under way and ended ones, of four platforms at least. */
async function busyBoard(call: Call): Promise<void> {
  await until('a busy board', async () => {
    const { data } = await call<Listed<ListedOrder>>('GET', '/orders?limit=200');
    const isThere = (status: string): boolean => data.filter((order) => order.status === status).length >= 3;
    const platforms = new Set(data.map(({ platform }) => platform));
    return platforms.size >= 5 && ['paid', 'accepted', 'fulfilling', 'completed'].every(isThere) ? true : undefined;
  });
}

/** An order that a shop accepted by the hub and that went on to its end: every lane of the picture is used. */
async function toldOrder(call: Call): Promise<string> {
  const accepted = new Set<string>();
  const told = await until('an accepted order that is completed', async () => {
    const { data } = await call<Listed<ListedOrder>>('GET', '/orders?platform=meituan-waimai&limit=200');
    for (const { id, status } of data) {
      if (status !== 'paid' || accepted.has(id)) continue;
      // Some stories go another way, such as a customer who cancels at this very moment.
      if (await call('POST', `/orders/${id}/actions`, { action: 'accept' }).catch(() => undefined)) accepted.add(id);
    }
    return data.find(({ id, status }) => accepted.has(id) && status === 'completed');
  });
  // The last delivery is written down a moment after the event that it carries.
  await sleep(1500);
  return told.id;
}

/** A push that is signed with the right secret, and an account that took the secret of another page of the console for it. */
async function rejectedCallback(url: string, call: Call): Promise<string> {
  const readme = await readFile(join(rootDir, 'README.md'), 'utf8');
  const push = /-d '(\{"orderid"[^']+)'/u.exec(readme)?.[1] ?? '';
  const signedWith = /"callbackSecret":"([^"]+)"/u.exec(readme)?.[1] ?? '';
  await call('POST', '/accounts', {
    id: 'mtu-main',
    platform: 'meituan-union',
    name: '我的媒体',
    credentials: { appkey: 'demoappkey', secret: signedWith, callbackSecret: 'not-what-the-platform-signs-with' },
    settings: { queryCommission: false },
  });
  await fetch(`${url}/callbacks/meituan-union/mtu-main`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: push,
  });
  return until('the rejected callback', async () => {
    const { data } = await call<Listed<{ id: string }>>('GET', '/callbacks?account=mtu-main&verdict=rejected');
    return data[0]?.id;
  });
}

/** Members, so that an order of nobody's sid is somebody's business: the queue of a working day. */
async function someTrouble(call: Call): Promise<void> {
  await call('POST', '/members', { id: 'u1001', name: '小张', sids: ['u1001'] });
  await until('something that wants attention', async () => {
    const { data } = await call<Listed<unknown>>('GET', '/attention');
    return data.length > 1 ? true : undefined;
  });
}

async function openPage(
  browser: Browser,
  url: string,
  language: Language,
  {
    height,
    width = WIDTH,
    theme = 'light',
  }: { readonly height: number; readonly width?: number; readonly theme?: 'light' | 'dark' },
): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: width < WIDTH ? 2 : 1,
    colorScheme: theme,
    locale: language === 'zh' ? 'zh-CN' : 'en-US',
    timezoneId: 'Asia/Shanghai',
    reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(20_000);
  await context.addInitScript(
    (chosen) => localStorage.setItem('huidan.preferences', chosen),
    JSON.stringify({ language, sound: false }),
  );
  const page = await context.newPage();
  const answer = await context.request.post(`${url}/api/v1/session`, {
    data: USER,
    headers: { 'x-huidan-csrf': '1', origin: url },
  });
  if (!answer.ok()) throw new Error(`signing in answered ${answer.status()}`);
  return page;
}

const DIAGNOSE: Readonly<Record<Language, string>> = { zh: '开始诊断', en: 'Diagnose' };
const FOUND: Readonly<Record<Language, string>> = { zh: '找到了签名的算法', en: 'This is how it was signed' };

async function takePictures(
  browser: Browser,
  url: string,
  { orderId, callbackId }: { readonly orderId: string; readonly callbackId: string },
): Promise<void> {
  for (const language of LANGUAGES) {
    const shot = async (page: Page, name: string): Promise<void> => {
      await page.screenshot({ path: join(imageDir, `${name}.${language}.png`) });
      say(`docs/images/${name}.${language}.png`);
    };
    const cut = async (page: Page, name: string, selector: string, maxHeight: number): Promise<void> => {
      const box = await page.locator(selector).last().boundingBox();
      if (box === null) throw new Error(`${name} is not there`);
      await sleep(500);
      await page.screenshot({
        path: join(imageDir, `${name}.${language}.png`),
        clip: { ...box, height: Math.min(box.height, maxHeight) },
      });
      say(`docs/images/${name}.${language}.png`);
    };
    const board = await openPage(browser, url, language, { height: 860 });
    await board.goto(`${url}/console/board`);
    // Somebody asks for something, and a new order can be accepted at a click: then it is the picture of a working day.
    await until('a board on which something is to be done', async () => {
      const asked = await board.locator('[data-column="needs"] article button').count();
      const fresh = await board.locator('[data-column="paid"] article button').count();
      return asked > 0 && fresh > 1 ? true : undefined;
    });
    await shot(board, 'board');
    await board.context().close();

    const phone = await openPage(browser, url, language, { ...PHONE, ...(language === 'en' ? { theme: 'dark' } : {}) });
    await phone.goto(`${url}/console/board`);
    await phone.locator('section[data-column="paid"] article').nth(1).waitFor();
    await shot(phone, 'phone');
    await phone.context().close();

    const attention = await openPage(browser, url, language, { height: 860 });
    await attention.goto(`${url}/console/attention`);
    await attention.locator('main li').nth(1).waitFor();
    await shot(attention, 'attention');
    await attention.context().close();

    const overview = await openPage(browser, url, language, { height: 1010 });
    await overview.goto(`${url}/console/overview?days=1`);
    await overview.locator('main figure svg').nth(3).waitFor();
    await sleep(500);
    await shot(overview, 'overview');
    await overview.context().close();

    // High enough for all of it, then cut out: what a reader would scroll to.
    const order = await openPage(browser, url, language, { height: 3000 });
    await order.goto(`${url}/console/orders/${orderId}`);
    await order.locator('[aria-labelledby="timeline-title"] li').nth(2).waitFor();
    await cut(order, 'timeline', '[aria-labelledby="timeline-title"]', 800);
    await order.context().close();

    const doctor = await openPage(browser, url, language, { height: 3000 });
    await doctor.goto(`${url}/console/callbacks/${callbackId}`);
    await doctor.getByRole('button', { name: DIAGNOSE[language] }).click();
    await doctor.getByText(FOUND[language]).first().waitFor();
    await cut(doctor, 'doctor', '[aria-labelledby="doctor"]', 800);
    await doctor.context().close();
  }
}

if (!(await buildConsole(rootDir, say))) throw new Error('the console does not build');
const folder = await mkdtemp(join(tmpdir(), 'huidan-screenshots-'));
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const demo = await startDemo(join(folder, 'data'), port);
try {
  const call = caller(url);
  await call('POST', '/users', { ...USER, role: 'admin' });
  const callbackId = await rejectedCallback(url, call);
  const orderId = await toldOrder(call);
  await someTrouble(call);
  await busyBoard(call);
  const browser = await chromium.launch({ executablePath: ensureChromium(say), args: FLAGS });
  try {
    await mkdir(imageDir, { recursive: true });
    await takePictures(browser, url, { orderId, callbackId });
  } finally {
    await browser.close();
  }
} finally {
  demo.kill('SIGTERM');
  if (demo.exitCode === null) await once(demo, 'exit');
  await removeDataFolder(folder);
}
