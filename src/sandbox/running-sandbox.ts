import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import type { Connector } from '../core/connector.ts';
import type { TimeMs } from '../core/time.ts';
import { createAgenda } from './agenda.ts';
import type { Agenda } from './agenda.ts';
import { bindStores } from './bound-stores.ts';
import { createPostCallback } from './callback-post.ts';
import { catchUp } from './catch-up.ts';
import type { CatchUp } from './catch-up.ts';
import type { Chaos } from './chaos.ts';
import { openControlDoor } from './control-door.ts';
import type { ControlDoor } from './control-door.ts';
import { controlCalls } from './control-calls.ts';
import { createHubClient } from './hub-client.ts';
import type { HubClient } from './hub-client.ts';
import { whenHubAnswers } from './hub-wait.ts';
import { openLedger, setLedgerAside } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import { createLagMeter } from './lag-meter.ts';
import type { AccountLine, OrderLine } from './ledger-lines.ts';
import { openMessages } from './ledger-state.ts';
import type { MessageRecord } from './ledger-state.ts';
import { createLives } from './lives.ts';
import type { Lives } from './lives.ts';
import { createOutbox } from './outbox.ts';
import type { Outbox } from './outbox.ts';
import { createPlacing, pickPlatform } from './placing.ts';
import type { Placing } from './placing.ts';
import { openReceiver, RECEIVER_PATH } from './receiver.ts';
import type { Receiver } from './receiver.ts';
import { answerAtDoor } from './platform-door.ts';
import { callbackUrl, ensureAccount, ensureEndpoint, findAccount, ForeignHub } from './registration.ts';
import type { CallbackUrls } from './registration.ts';
import type { Sandbox, SandboxOptions } from './sandbox-contract.ts';
import { SandboxError } from './sandbox-error.ts';
import { seededRandom } from './seeded-random.ts';
import { ledgerStats } from './stats.ts';
import type { SandboxStats } from './stats.ts';
import { compareWithHub, createOutstanding, readHubOrders } from './verify.ts';
import type { VerifyReport } from './verify.ts';

const DEFAULT_CONCURRENCY = 64;
/** Beyond so many waiting requests the platforms' side stands still: the hub is slower than the wished rate. */
const QUEUE_LIMIT = 20_000;
/** For requests under way. */
const STOP_GRACE_MS = 2000;

/** The sandbox while it runs: puts the parts together and answers for them. */
export class RunningSandbox implements Sandbox {
  seed = '';
  readonly #options: SandboxOptions;
  readonly #clock: () => TimeMs;
  readonly #agent: Agent;
  readonly #hub: HubClient;
  readonly #platforms: ReadonlyMap<string, Connector>;
  readonly #agenda: Agenda;
  readonly #mail: Agenda;
  readonly #outbox: Outbox;
  readonly #urls = new Map<string, CallbackUrls>();
  #ledger: Ledger | undefined;
  #lives: Lives | undefined;
  #placing: Placing | undefined;
  #receiver: Receiver | undefined;
  #door: ControlDoor | undefined;
  #chaos: Chaos;
  readonly #lag = createLagMeter();
  #fault: string | undefined;
  #stopped = false;
  #resolveAllPlaced: () => void = () => undefined;
  readonly allPlaced: Promise<void>;

  constructor(options: SandboxOptions) {
    this.#options = options;
    this.#clock = options.clock ?? Date.now;
    this.#chaos = options.chaos;
    const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
    this.#agent = new Agent({ connections: concurrency, keepAliveTimeout: 30_000, pipelining: 1 });
    this.#hub = createHubClient(options.hubUrl, options.key, this.#agent);
    this.#platforms = new Map(options.platforms.map((platform) => [platform.id, platform]));
    const wallClock = (): number => performance.now();
    this.#agenda = createAgenda(options.speed, wallClock, () => this.#outbox.queued() < QUEUE_LIMIT);
    this.#mail = createAgenda(options.speed, wallClock);
    this.#outbox = createOutbox(concurrency, this.#mail, createPostCallback(this.#agent), {
      platform: (id) => this.#platform(id).sandbox,
      url: (message) => {
        const platform = this.#platform(message.platform);
        return callbackUrl(this.#hub.url, this.#urls.get(platform.id), platform, message);
      },
      onReceived: (message) => this.#onReceived(message),
      onFault: (error) => this.#onFault(error),
    });
    this.allPlaced = new Promise((resolve) => {
      this.#resolveAllPlaced = resolve;
    });
  }

  async start(): Promise<void> {
    const { ledgerDir, finishOnly = false } = this.#options;
    this.#door = await openControlDoor(ledgerDir, controlCalls(this));
    this.#ledger = await openLedger(ledgerDir);
    // Before the accounts: their settings say where the platforms are reached.
    await this.#openReceiver();
    try {
      await this.#registerAccounts();
    } catch (error) {
      if (!(error instanceof ForeignHub)) throw error;
      if (finishOnly) throw new SandboxError(`${error.message}. Is it another hub, or was its data lost?`);
      await this.#startNewLedger(error.message);
      await this.#registerAccounts();
    }
    await this.#registerEndpoint();
    if (!finishOnly) await this.#bindStores();
    await this.#goOn();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#placing?.stop();
    this.#agenda.stop();
    this.#mail.stop();
    const idle = this.#outbox.stop();
    await Promise.race([idle, sleep(STOP_GRACE_MS, undefined, { ref: false })]);
    await this.#agent.destroy();
    await idle;
    await this.#receiver?.close();
    await this.#ledger?.close();
    await this.#door?.close();
  }

  get control(): { readonly port: number; readonly token: string } {
    return { port: this.#door?.port ?? 0, token: this.#door?.token ?? '' };
  }

  get receiverPort(): number {
    return this.#receiver?.port ?? 0;
  }

  stats(): SandboxStats {
    return {
      ...ledgerStats(this.#book().state),
      ...this.#outbox.totals,
      lagMs: this.#lag.longestMs(this.#clock()),
      living: this.#lives?.unfinished() ?? 0,
      trouble: this.#fault ?? this.#outbox.trouble(),
    };
  }

  async placeOrder(platform?: string): Promise<OrderLine> {
    const id = platform ?? this.#playing()[0]?.id ?? '';
    if (this.#lives === undefined) throw new SandboxError('The sandbox has not started.');
    return this.#lives.place(id);
  }

  async sendAgain(platformOrderId: string): Promise<void> {
    const { state } = this.#book();
    const record = [...state.orders.values()].findLast(({ order }) => order.platformOrderId === platformOrderId);
    if (record?.lastMessage === undefined) throw new SandboxError(`No callback of ${platformOrderId} was sent yet.`);
    const line = await this.#book().read(record.lastMessage);
    if (line.line !== 'message') throw new SandboxError('The ledger was changed under us.');
    const { platform, number, step, callback, fate } = line;
    this.#outbox.sendRepeat({ platform, account: record.order.account, number, step, callback, fate });
  }

  setSpeed(speed: number): void {
    if (!(speed > 0 && speed <= 1e9)) throw new SandboxError('The speed is a number above 0.');
    this.#agenda.setSpeed(speed);
    this.#mail.setSpeed(speed);
  }

  setRate(rate: number): void {
    if (!(rate >= 0 && rate <= 100_000)) throw new SandboxError('The rate is a number of orders a second.');
    this.#placing?.setRate(rate);
  }

  setChaos(chaos: Chaos): void {
    this.#chaos = chaos;
  }

  async drain(waitMs: number, onProgress?: (left: CatchUp) => void): Promise<CatchUp> {
    this.#placing?.stop();
    this.#outbox.insist();
    this.#agenda.hurry(true);
    this.#mail.hurry(true);
    return this.#catchUp(waitMs, onProgress);
  }

  async verify(waitMs: number, onProgress?: (left: CatchUp) => void): Promise<VerifyReport> {
    const lives = this.#lives;
    this.#placing?.pause();
    lives?.pause();
    lives?.releaseAll();
    this.#outbox.insist();
    this.#mail.hurry(true);
    try {
      await this.#catchUp(waitMs, onProgress, true);
      const hubOrders = await this.#whenHubAnswers(() => readHubOrders(this.#hub, this.#accountIds()));
      return compareWithHub(this.#book().state, hubOrders);
    } finally {
      this.#mail.hurry(false);
      lives?.continue();
      this.#placing?.continue();
    }
  }

  /** Waits until everything told is acknowledged and every event of it has arrived. */
  async #catchUp(waitMs: number, onProgress?: (left: CatchUp) => void, paused = false): Promise<CatchUp> {
    const { state } = this.#book();
    const outstanding = createOutstanding(state);
    const unreceived = (): number => this.stats().unreceived + (paused ? 0 : (this.#lives?.unfinished() ?? 0));
    return catchUp({
      waitMs,
      unreceived,
      // Repeats are waited for as well: what they do wrong must show.
      isSent: () => unreceived() === 0 && this.#mail.size() === 0 && this.#outbox.busy() === 0,
      eventsOutstanding: async () => outstanding(await readHubOrders(this.#hub, this.#accountIds())),
      eventsReceived: () => state.events.totals.events,
      isOver: () => this.#stopped,
      ...(onProgress === undefined ? {} : { onProgress }),
    });
  }

  async #startNewLedger(why: string): Promise<void> {
    const { ledgerDir } = this.#options;
    await this.#ledger?.close();
    const name = await setLedgerAside(ledgerDir, new Date(this.#clock()).toISOString());
    this.#note(`${why}: this is another hub. The old ledger is kept as ${name}, a new one begins.`);
    this.#urls.clear();
    this.#ledger = await openLedger(ledgerDir);
  }

  async #registerAccounts(): Promise<void> {
    const ledger = this.#book();
    const { state } = ledger;
    const { finishOnly = false } = this.#options;
    if (state.begin === undefined) {
      if (finishOnly)
        throw new SandboxError(`There is no ledger in ${this.#options.ledgerDir}: run the sandbox first.`);
      const id = randomBytes(4).toString('hex');
      await ledger.write({ line: 'ledger', version: 1, id, hub: this.#hub.url, at: this.#clock() });
    }
    this.seed = this.#options.seed ?? state.begin?.id ?? '';
    const playing = finishOnly ? [] : this.#playing();
    if (playing.length === 0 && !finishOnly) throw new SandboxError('There is no platform to play.');
    for (const account of state.accounts.values()) {
      if (!playing.some(({ id }) => id === account.platform)) await this.#findAccount(account);
    }
    for (const platform of playing) {
      // A secret that a seed gives away would be no secret at a hub that others reach.
      const random = seededRandom(randomBytes(16).toString('hex'));
      const urls = await this.#whenHubAnswers(() => ensureAccount(this.#hub, ledger, platform, random, this.#origin()));
      this.#urls.set(platform.id, urls);
    }
  }

  /** Before the first order: the hub may ask about it, and needs the store's token for that. */
  #bindStores(): Promise<void> {
    const world = {
      hub: this.#hub,
      ledger: this.#book(),
      dispatcher: this.#agent,
      whenHubAnswers: <T>(call: () => Promise<T>) => this.#whenHubAnswers(call),
      isOver: () => this.#stopped || this.#options.signal?.aborted === true,
      onNote: (text: string) => this.#note(text),
    };
    return bindStores(world, this.#playing());
  }

  async #findAccount(account: AccountLine): Promise<void> {
    const { state } = this.#book();
    const urls = await this.#whenHubAnswers(() => findAccount(this.#hub, account, state.begin?.id ?? ''));
    const isUsed = [...state.orders.values()].some(({ order }) => order.account === account.id);
    if (urls !== undefined) this.#urls.set(account.platform, urls);
    else if (isUsed) throw new ForeignHub(`${this.#hub.url} does not have the account ${account.id} of this ledger`);
  }

  async #openReceiver(): Promise<void> {
    const { receiverPort } = this.#options;
    const port = receiverPort ?? this.#book().state.receiver?.port ?? 0;
    const door = {
      ledger: () => this.#book(),
      platforms: this.#platforms,
      clock: this.#clock,
      send: (message: MessageRecord) => this.#outbox.send(message),
    };
    this.#receiver = await openReceiver(
      this.#options.receiverHost ?? '127.0.0.1',
      port,
      receiverPort !== undefined && receiverPort !== 0,
      {
        secret: () => this.#book().state.receiver?.secret,
        onEvent: async (event, createdAt) => {
          this.#lag.measure(createdAt, this.#clock());
          await this.#book().write(event);
        },
        onRefused: async (reason) => {
          this.#note(`The receiver refused ${reason}`);
          await this.#book().write({ line: 'refused', at: this.#clock(), reason });
        },
        onCall: (call) =>
          answerAtDoor(door, call).catch((error: unknown) => {
            this.#onFault(error);
            throw error;
          }),
      },
      this.#clock,
    );
  }

  /** Where the hub reaches the receiver and the platforms. */
  #origin(): string {
    const { receiverHost: host = '127.0.0.1' } = this.#options;
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.receiverPort}`;
  }

  async #registerEndpoint(): Promise<void> {
    const [url, port] = [`${this.#origin()}${RECEIVER_PATH}`, this.receiverPort];
    await this.#whenHubAnswers(() => ensureEndpoint(this.#hub, this.#book(), url, port, this.#accountIds()));
  }

  /** Everything is in place: what is open goes out, lives go on, new orders are placed. */
  async #goOn(): Promise<void> {
    const ledger = this.#book();
    const { rate, speed, orderLimit, finishOnly = false } = this.#options;
    const lives = createLives({
      ledger,
      agenda: this.#agenda,
      mail: this.#mail,
      outbox: this.#outbox,
      platforms: this.#platforms,
      wallClock: this.#clock,
      seed: this.seed,
      chaos: () => this.#chaos,
      onFault: (error) => this.#onFault(error),
    });
    this.#lives = lives;
    for (const message of openMessages(ledger.state)) {
      if (this.#urls.has(message.platform) && this.#platforms.has(message.platform)) lives.sendAtOnce(message);
    }
    if (finishOnly) return;
    await ledger.write({ line: 'run', at: this.#clock(), seed: this.seed, rate, speed, chaos: this.#chaos });
    for (const record of ledger.state.orders.values()) lives.resume(record);
    this.#placing = createPlacing({
      rate,
      limit: orderLimit ?? Number.POSITIVE_INFINITY,
      mayPlace: () => this.#outbox.queued() < QUEUE_LIMIT,
      place: () => {
        const id = pickPlatform(this.#playing(), this.seed, ledger.state)?.id ?? '';
        lives.place(id).catch((error: unknown) => this.#onFault(error));
      },
      onLimit: this.#resolveAllPlaced,
    });
  }

  #whenHubAnswers<T>(call: () => Promise<T>): Promise<T> {
    const { hubWaitMs, signal } = this.#options;
    return whenHubAnswers(call, { hubWaitMs, signal, onNote: (text) => this.#note(text) });
  }

  #onReceived(message: MessageRecord): void {
    const { platform, number, step } = message;
    const written = this.#book().write({ line: 'acknowledged', platform, number, step });
    written.catch((error: unknown) => this.#onFault(error));
    this.#lives?.received(message);
  }

  #onFault(error: unknown): void {
    if (this.#stopped) return;
    this.#fault = error instanceof Error ? error.message : String(error);
    this.#note(`Fault in the sandbox: ${this.#fault}`);
  }

  #book(): Ledger {
    if (this.#ledger === undefined) throw new SandboxError('The ledger is not open.');
    return this.#ledger;
  }

  #accountIds(): readonly string[] {
    return [...this.#book().state.accounts.values()]
      .filter(({ platform }) => this.#urls.has(platform))
      .map(({ id }) => id);
  }

  #playing(): readonly Connector[] {
    const { platforms, playing } = this.#options;
    return playing === undefined ? platforms : platforms.filter(({ id }) => playing.includes(id));
  }

  #platform(id: string): Connector {
    const platform = this.#platforms.get(id);
    if (platform === undefined) throw new SandboxError(`There is no platform ${id} in this run.`);
    return platform;
  }

  #note(text: string): void {
    this.#options.onNote?.(text);
  }
}
