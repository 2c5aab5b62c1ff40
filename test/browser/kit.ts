import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'node:test';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { ensureChromium } from '../../scripts/testing/ensure-chromium.ts';
import { sandboxControls } from '../../src/cli/sandbox-controls.ts';
import { connectors } from '../../src/connectors/registry.ts';
import * as room from '../../src/sandbox/sandbox.ts';
import { readConfig } from '../../src/server/config.ts';
import { startHub } from '../../src/server/start.ts';
import { createTestDatabase } from '../kit/database.ts';
import { openLine } from './line.ts';
import type { Line } from './line.ts';

const KEY = 'hdk_the-admin-key-of-tests';
export const USERNAME = 'owner';
export const PASSWORD = 'a long sentence nobody guesses';
const OUTPUT = join(import.meta.dirname, '..', '..', 'test-output');
/** What takes longer is broken: the hub answers in milliseconds, but a machine of two cores may have ten other things to do. */
const TIMEOUT_MS = 90_000;
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

export interface OpenOptions {
  readonly language?: 'zh' | 'en';
  readonly width?: number;
  readonly height?: number;
  readonly theme?: 'light' | 'dark';
  /** Not signed in. */
  readonly isStranger?: boolean;
  /** The hub by another way, such as a line that can be cut. */
  readonly base?: string;
}

export interface LedgerLine {
  readonly line: string;
  readonly path?: string;
  /** The line as it was written. */
  readonly text: string;
}

/** A hub with the sandbox beside it, and a browser: the real ones. */
export interface World {
  readonly url: string;
  readonly sandbox: Awaited<ReturnType<typeof room.startSandbox>>;
  /** What the sandbox has written down, line by line: what its platforms did, whatever the hub says. */
  ledger(): Promise<readonly LedgerLine[]>;
  /** A call of the API with the admin key; throws for an answer of 400 and more. */
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** A page of the console, signed in as the admin, until the end of the test that opens it; whatever its console or a promise complains of fails `stop`. */
  open(path: string, options?: OpenOptions): Promise<Page>;
  /** A further page of the same browser as `page`, as in another tab. */
  openTab(page: Page, path: string): Promise<Page>;
  /** A line to the hub that can be cut; ends with `stop`. */
  openLine(): Promise<Line>;
  /** Complaints that a test has caused on purpose, such as of a lost connection. */
  forgive(pattern: RegExp): void;
  stop(): Promise<void>;
}

/** What a test opened goes with it: a board left open draws every order of the tests that follow. */
let ofThisTest: BrowserContext[] | undefined;
beforeEach(() => {
  ofThisTest = [];
});
afterEach(async () => {
  const contexts = ofThisTest ?? [];
  ofThisTest = undefined;
  for (const context of contexts) await context.close();
});

/** @param rate orders a second that the sandbox places by itself; 0: only those that a test asks for */
export async function startWorld(rate = 0): Promise<World> {
  const database = await createTestDatabase();
  const dir = await mkdtemp(join(tmpdir(), 'huidan-browser-'));
  const config = readConfig({
    HUIDAN_PORT: '0',
    HUIDAN_DATA_DIR: dir,
    DATABASE_URL: database.url,
    HUIDAN_ADMIN_KEY: KEY,
    HUIDAN_ALLOW_PRIVATE_TARGETS: 'true',
    HUIDAN_LOG_LEVEL: 'silent',
  });
  let controls: ReturnType<typeof sandboxControls> | undefined;
  const hub = await startHub(config, { sandbox: () => controls });
  const url = hub.url ?? '';
  const sandbox = await room
    .startSandbox({
      ...{ hubUrl: url, key: KEY, platforms: connectors, ledgerDir: join(dir, 'sandbox') },
      ...{ rate, speed: 100, chaos: room.NO_CHAOS, seed: 'browser' },
    })
    // A hub that goes on would keep the test's process alive for ever.
    .catch(async (error: unknown) => {
      await hub.stop();
      await database.drop();
      throw error;
    });
  controls = sandboxControls(room, sandbox, { rate, speed: 100, chaos: room.NO_CHAOS });

  async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${KEY}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    assert.ok(response.status < 400, `${method} ${path} answered ${response.status}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  await call('POST', '/users', { username: USERNAME, password: PASSWORD, role: 'admin' });
  // A fresh profile of its own: nothing of another run is remembered.
  const browser: Browser = await chromium.launch({
    executablePath: ensureChromium((text) => void process.stderr.write(`${text}\n`)),
    args: FLAGS,
  });
  const contexts: BrowserContext[] = [];
  const lines: Line[] = [];
  const complaints: string[] = [];
  const forgiven: RegExp[] = [];
  let cookies: Awaited<ReturnType<BrowserContext['cookies']>> | undefined;

  function listen(page: Page): void {
    page.on('console', (message) => {
      // With what it is about: 'Failed to load resource' alone tells nobody which one.
      if (message.type() === 'error') complaints.push(`console: ${message.text()} ${message.location().url}`);
    });
    page.on('pageerror', (error) => complaints.push(`page: ${error.message}`));
  }

  return {
    url,
    sandbox,
    async ledger() {
      const text = await readFile(join(dir, 'sandbox', 'ledger.jsonl'), 'utf8');
      return text
        .trimEnd()
        .split('\n')
        .map((line) => ({ ...(JSON.parse(line) as { line: string; path?: string }), text: line }));
    },
    call,
    forgive: (pattern) => void forgiven.push(pattern),
    async open(path, options = {}) {
      const { language = 'zh', width = 1280, height = 900, theme = 'light', isStranger = false, base = url } = options;
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: theme,
        locale: language === 'zh' ? 'zh-CN' : 'en-US',
        timezoneId: 'Asia/Shanghai',
        reducedMotion: 'reduce',
        permissions: ['clipboard-read', 'clipboard-write'],
      });
      (ofThisTest ?? contexts).push(context);
      context.setDefaultTimeout(TIMEOUT_MS);
      // As a person leaves it on this device. Silent: a test machine need not ring.
      await context.addInitScript(
        (chosen) => localStorage.setItem('huidan.preferences', chosen),
        JSON.stringify({ language, sound: false }),
      );
      const page = await context.newPage();
      listen(page);
      if (!isStranger) {
        cookies ??= await signIn(page, url);
        await context.addCookies(cookies);
      }
      await page.goto(`${base}/console${path}`);
      return page;
    },
    async openTab(page, path) {
      const tab = await page.context().newPage();
      listen(tab);
      await tab.goto(`${new URL(page.url()).origin}/console${path}`);
      return tab;
    },
    async openLine() {
      const line = await openLine(url);
      lines.push(line);
      return line;
    },
    async stop() {
      controls = undefined;
      // Each step whatever became of the one before: what stays open keeps the test's process alive.
      const steps = [
        ...contexts.map((context) => () => context.close()),
        () => browser.close(),
        ...lines.map((line) => () => line.stop()),
        () => sandbox.stop(),
        () => hub.stop(),
        () => database.drop(),
        () => rm(dir, { recursive: true, force: true }),
      ];
      const faults: unknown[] = [];
      for (const step of steps) await step().catch((error: unknown) => faults.push(error));
      if (faults.length > 0) throw new AggregateError(faults, 'not everything could be ended');
      assert.deepEqual(
        complaints.filter((text) => !forgiven.some((pattern) => pattern.test(text))),
        [],
      );
    },
  };
}

/** Signs in once by the API that the page uses; every further page has the same session. */
async function signIn(page: Page, url: string): Promise<Awaited<ReturnType<BrowserContext['cookies']>>> {
  const answer = await page.context().request.post(`${url}/api/v1/session`, {
    data: { username: USERNAME, password: PASSWORD },
    headers: { 'x-huidan-csrf': '1', origin: url },
  });
  assert.equal(answer.status(), 200, await answer.text());
  return page.context().cookies();
}

/** Keeps a picture of the page beside the other output of the tests. */
export async function picture(page: Page, name: string): Promise<void> {
  await mkdir(OUTPUT, { recursive: true });
  await page.screenshot({ path: join(OUTPUT, `${name}.png`), fullPage: true });
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

let axeSource: Promise<string> | undefined;

/** Fails on what a screen reader or a keyboard could not get by: findings of axe that are serious or worse. */
export async function checkAccess(page: Page): Promise<void> {
  axeSource ??= readFile(join(import.meta.dirname, '..', '..', 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');
  // By evaluation and not by a script element: the page's own policy lets no foreign script in.
  await page.evaluate(await axeSource);
  const { violations } = await page.evaluate<AxeResult>('axe.run(document, { resultTypes: ["violations"] })');
  const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
  assert.deepEqual(
    serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' | ')}`),
    [],
  );
}
