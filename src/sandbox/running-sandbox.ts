import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import type { Connector } from '../core/connector.ts';
import type { TimeMs } from '../core/time.ts';
import { createAgendas } from './agendas.ts';
import type { Agendas } from './agendas.ts';
import { bindStores } from './bound-stores.ts';
import { createPostCallback } from './callback-post.ts';
import type { CatchUp } from './catch-up.ts';
import type { Chaos } from './chaos.ts';
import { openControlDoor } from './control-door.ts';
import type { ControlDoor } from './control-door.ts';
import { controlCalls } from './control-calls.ts';
import { createHubClient } from './hub-client.ts';
import type { HubClient } from './hub-client.ts';
import { whenHubAnswers } from './hub-wait.ts';
import { lastMessageOf, openLedger, setLedgerAside } from './ledger.ts';
import type { Ledger } from './ledger.ts';
import { createLagMeter } from './lag-meter.ts';
import type { OrderLine, ShopperLine } from './ledger-lines.ts';
import { openMessages } from './ledger-state.ts';
import type { MessageRecord } from './ledger-state.ts';
import { createLives } from './lives.ts';
import type { Lives } from './lives.ts';
import { createOutbox } from './outbox.ts';
import type { Outbox } from './outbox.ts';
import { createPlacing, pickPlatform } from './placing.ts';
import type { Placing } from './placing.ts';
import { openEventIntake } from './event-intake.ts';
import { RECEIVER_PATH } from './receiver.ts';
import type { Receiver } from './receiver.ts';
import { CallFaults } from './call-faults.ts';
import { createPlatformClocks } from './platform-clocks.ts';
import type { PlatformClocks } from './platform-clocks.ts';
import type { PlatformDoorContext } from './platform-door.ts';
import { alarmAtOnce, callbackUrl, ensureEndpoint, ForeignHub } from './registration.ts';
import type { CallbackUrls } from './registration.ts';
import { registerAccounts } from './sandbox-accounts.ts';
import type { Sandbox, SandboxOptions } from './sandbox-contract.ts';
import { requireWithin, SandboxError } from './sandbox-error.ts';
import { createShoppers } from './shoppers.ts';
import type { Shoppers } from './shoppers.ts';
import { ledgerStats } from './stats.ts';
import type { SandboxStats } from './stats.ts';
import { createSettling } from './settling.ts';
import type { Settling } from './settling.ts';
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
  readonly #agendas: Agendas;
  readonly #outbox: Outbox;
  readonly #urls = new Map<string, CallbackUrls>();
  #ledger: Ledger | undefined;
  #lives: Lives | undefined;
  readonly #door: PlatformDoorContext;
  readonly #clocks: PlatformClocks;
  readonly #shoppers: Shoppers;
  readonly #settling: Settling;
  readonly #faults = new CallFaults();
  #placing: Placing | undefined;
  #receiver: Receiver | undefined;
  #control: ControlDoor | undefined;
  #chaos: Chaos;
  readonly #lag = createLagMeter();
  #fault: string | undefined;
  #isPlaying = false;
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
    this.#agendas = createAgendas(options.speed, () => this.#outbox.queued() < QUEUE_LIMIT);
    this.#outbox = createOutbox(concurrency, this.#agendas.mail, createPostCallback(this.#agent), {
      platform: (id) => this.#platform(id).sandbox,
      url: (message) => {
        const platform = this.#platform(message.platform);
        return message.callback.url ?? callbackUrl(this.#hub.url, this.#urls.get(platform.id), platform, message);
      },
      onReceived: (message) => this.#onReceived(message),
      onFault: (error) => this.#onFault(error),
    });
    this.#door = {
      ledger: () => this.#book(),
      platforms: this.#platforms,
      clock: this.#clock,
      send: (message) => (this.#lives === undefined ? this.#outbox.send(message) : this.#lives.sendOut(message)),
      faults: this.#faults,
      // What sets the scene, and what compares, is no part of the play.
      chaos: () => (this.#isPlaying ? this.#chaos : { ...this.#chaos, fault: 0 }),
      seed: () => this.seed,
      decided: options.onDecision,
      onChange: (platform) => this.#clocks.changed(platform),
    };
    this.#clocks = createPlatformClocks(this.#door, this.#agendas.deeds, (error) => this.#onFault(error));
    this.#shoppers = createShoppers({
      ...this.#door,
      hub: this.#hub,
      agenda: this.#agendas.customers,
      isOver: () => this.#stopped,
      onFault: (error) => this.#onFault(error),
    });
    this.#settling = createSettling({
      ...{ hub: this.#hub, platforms: this.#platforms, agendas: this.#agendas, outbox: this.#outbox },
      ...{ clocks: this.#clocks, shoppers: this.#shoppers, ledger: () => this.#book() },
      accounts: () => this.#accountIds(),
      isOver: () => this.#stopped,
      hasTrouble: () => options.finishOnly !== true && (this.#chaos.drop > 0 || this.#chaos.fault > 0),
      whenHubAnswers: (call) => this.#whenHubAnswers(call),
    });
    this.allPlaced = new Promise((resolve) => {
      this.#resolveAllPlaced = resolve;
    });
  }

  async start(): Promise<void> {
    const { ledgerDir, finishOnly = false } = this.#options;
    this.#control = await openControlDoor(ledgerDir, controlCalls(this));
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
    if (!finishOnly) await this.#alarmAtOnce();
    if (!finishOnly) await this.#bindStores();
    await this.#goOn();
  }

  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#placing?.stop();
    this.#clocks.stop();
    this.#agendas.stop();
    const idle = this.#outbox.stop();
    await Promise.race([idle, sleep(STOP_GRACE_MS, undefined, { ref: false })]);
    await this.#agent.destroy();
    await idle;
    await this.#receiver?.close();
    await this.#ledger?.close();
    await this.#control?.close();
  }

  get control(): { readonly port: number; readonly token: string } {
    return { port: this.#control?.port ?? 0, token: this.#control?.token ?? '' };
  }

  get receiverPort(): number {
    return this.#receiver?.port ?? 0;
  }

  stats(): SandboxStats {
    return {
      ...ledgerStats(this.#book().state),
      ...this.#outbox.totals,
      lagMs: this.#lag.longestMs(this.#clock()),
      living: (this.#lives?.unfinished() ?? 0) + this.#shoppers.unfinished(),
      trouble: this.#fault ?? this.#outbox.trouble(),
    };
  }

  async placeOrder(platform?: string): Promise<OrderLine> {
    const id = platform ?? this.#playing()[0]?.id ?? '';
    if (this.#lives === undefined) throw new SandboxError('The sandbox has not started.');
    return this.#lives.place(id);
  }

  /** A customer of the merchant's own shop orders now. */
  shop(platform: string): Promise<ShopperLine> {
    return this.#shoppers.shop(platform);
  }

  askForFault(platform: string, name: string, times: number): void {
    this.#faults.ask(platform, this.#platform(platform).sandbox.faults ?? [], name, times);
  }

  async sendAgain(platformOrderId: string): Promise<void> {
    this.#outbox.sendRepeat(await lastMessageOf(this.#book(), platformOrderId));
  }

  setSpeed(speed: number): void {
    requireWithin('speed', speed, Number.MIN_VALUE, 1e9);
    this.#agendas.setSpeed(speed);
  }

  setRate(rate: number): void {
    requireWithin('rate', rate, 0, 100_000);
    this.#placing?.setRate(rate);
  }

  setChaos(chaos: Chaos): void {
    this.#chaos = chaos;
    this.#alarmAtOnce().catch((error: unknown) => this.#onFault(error));
  }

  async drain(waitMs: number, onProgress?: (left: CatchUp) => void): Promise<CatchUp> {
    this.#placing?.stop();
    this.#agendas.lives.hurry(true);
    this.#settling.hurry(true);
    const living = (): number => this.#lives?.unfinished() ?? 0;
    return this.#settling.catchUp(waitMs, living, onProgress);
  }

  async verify(waitMs: number, onProgress?: (left: CatchUp) => void): Promise<VerifyReport> {
    const lives = this.#lives;
    this.#placing?.pause();
    lives?.pause();
    lives?.releaseAll();
    this.#settling.hurry(true);
    try {
      await this.#settling.catchUp(waitMs, () => 0, onProgress);
      this.#isPlaying = false;
      return await this.#settling.compare();
    } finally {
      this.#isPlaying = true;
      this.#settling.hurry(false);
      lives?.continue();
      this.#placing?.continue();
    }
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
    const { ledgerDir, finishOnly = false } = this.#options;
    const ledger = this.#book();
    await registerAccounts({
      ...{
        hub: this.#hub,
        ledger,
        ledgerDir,
        now: this.#clock(),
        origin: this.#origin(),
        finishOnly,
        urls: this.#urls,
      },
      playing: finishOnly ? [] : this.#playing(),
      whenHubAnswers: (call) => this.#whenHubAnswers(call),
    });
    this.seed = this.#options.seed ?? ledger.state.begin?.id ?? '';
  }

  async #alarmAtOnce(): Promise<void> {
    if (this.#chaos.drop === 0) return;
    await this.#whenHubAnswers(() => alarmAtOnce(this.#hub, this.#book(), this.#playing()));
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

  async #openReceiver(): Promise<void> {
    this.#receiver = await openEventIntake({
      host: this.#options.receiverHost ?? '127.0.0.1',
      port: this.#options.receiverPort,
      clock: this.#clock,
      door: this.#door,
      lag: this.#lag,
      ledger: () => this.#book(),
      onNote: (text) => this.#note(text),
      onFault: (error) => this.#onFault(error),
    });
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
      agenda: this.#agendas.lives,
      mail: this.#agendas.mail,
      outbox: this.#outbox,
      platforms: this.#platforms,
      wallClock: this.#clock,
      seed: this.seed,
      decided: this.#options.onDecision,
      chaos: () => this.#chaos,
      onFault: (error) => this.#onFault(error),
    });
    this.#lives = lives;
    this.#isPlaying = true;
    for (const message of openMessages(ledger.state)) {
      if (this.#urls.has(message.platform) && this.#platforms.has(message.platform)) lives.sendAtOnce(message);
    }
    if (finishOnly) return;
    await ledger.write({ line: 'run', at: this.#clock(), seed: this.seed, rate, speed, chaos: this.#chaos });
    for (const record of ledger.state.orders.values()) lives.resume(record);
    this.#shoppers.resume();
    for (const { id } of this.#playing()) this.#clocks.changed(id);
    this.#placing = createPlacing({
      rate,
      limit: orderLimit ?? Number.POSITIVE_INFINITY,
      mayPlace: () => this.#outbox.queued() < QUEUE_LIMIT,
      place: () => {
        const { id, shops } = pickPlatform(this.#playing(), this.seed, ledger.state, this.#shoppers);
        (shops ? this.#shoppers.shop(id) : lives.place(id)).catch((error: unknown) => this.#onFault(error));
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
