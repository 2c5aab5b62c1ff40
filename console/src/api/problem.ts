/** One field that the hub found fault with. */
export interface FieldFault {
  readonly field: string;
  readonly message: string;
}

/** What the hub answered instead of what was asked for (`application/problem+json`), or that it did not answer. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  /** Stable code of `docs/errors.md`; `network` where no answer came. */
  readonly code: string;
  readonly fields: readonly FieldFault[];
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;

  constructor(about: {
    readonly status: number;
    readonly code: string;
    readonly detail: string;
    readonly fields?: readonly FieldFault[];
    readonly requestId?: string | null;
    readonly retryAfterSeconds?: number | null;
  }) {
    super(about.detail);
    this.status = about.status;
    this.code = about.code;
    this.fields = about.fields ?? [];
    this.requestId = about.requestId ?? null;
    this.retryAfterSeconds = about.retryAfterSeconds ?? null;
  }
}

interface ProblemBody {
  readonly code?: unknown;
  readonly detail?: unknown;
  readonly fields?: unknown;
  readonly requestId?: unknown;
}

/** Reads the hub's problem; whatever else answered (a proxy, say) becomes `not_a_hub`. */
export async function problemOf(response: Response): Promise<ApiError> {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const retryAfterSeconds = Number.isFinite(seconds) ? seconds : null;
  try {
    const { code, detail, fields, requestId } = (await response.json()) as ProblemBody;
    if (typeof code === 'string') {
      return new ApiError({
        status: response.status,
        code,
        detail: typeof detail === 'string' ? detail : code,
        fields: Array.isArray(fields) ? (fields as FieldFault[]) : [],
        requestId: typeof requestId === 'string' ? requestId : null,
        retryAfterSeconds,
      });
    }
  } catch {
    // Not JSON: said below.
  }
  return new ApiError({
    status: response.status,
    code: 'not_a_hub',
    detail: `HTTP ${response.status} ${response.statusText}`.trim(),
    retryAfterSeconds,
  });
}
