/** A request to a platform, ready to be sent: signed, with its final bytes. */
export interface OutgoingRequest {
  /** Short name for logs and timelines, such as `order.confirm`. */
  readonly call: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs?: number;
}

/** What came back, whole. Lower-case header names. */
export interface PlatformResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Sends one request to a platform. Handed in: a connector opens no connection of its own. Throws `PlatformUnreachable`
 * when no answer came, so that the caller must decide what an unknown outcome means.
 */
export type CallPlatform = (request: OutgoingRequest) => Promise<PlatformResponse>;

export class PlatformUnreachable extends Error {
  /** True when the request may have reached the platform. */
  readonly mayHaveArrived: boolean;
  constructor(message: string, mayHaveArrived: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PlatformUnreachable';
    this.mayHaveArrived = mayHaveArrived;
  }
}

/**
 * Why a platform did not do what was asked. `retry`: later, unchanged; `alert`: credentials or rights, a person must
 * look; `final`: never in this form.
 */
export interface PlatformRefusal {
  readonly class: 'retry' | 'alert' | 'final';
  /**
   * What is behind it, where the hub can do something about it: an access token that is not valid any more, a limit of
   * calls, goods that are gone, a machine that is away, a number that the platform has already; of a question
   * (`not_done`): the platform was not asked for it, so it may be sent again.
   */
  readonly kind?: 'token' | 'rate' | 'sold_out' | 'offline' | 'duplicate' | 'not_done';
  readonly code: string;
  readonly message: string;
}

export type PlatformResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: PlatformRefusal };
