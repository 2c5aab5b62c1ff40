/** How loudly an error is logged. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface ErrorEntry {
  /** HTTP status where the error leaves by the API. */
  readonly status: number;
  /** One sentence for the caller; says what to do where it can. */
  readonly message: string;
  readonly level: LogLevel;
  /** Whether the same request may succeed later. */
  readonly retry: boolean;
}

const entry = (status: number, message: string, level: LogLevel = 'info', retry = false): ErrorEntry => ({
  status,
  message,
  level,
  retry,
});

/** Every error that a user can meet. `docs/errors.md` is held to this table in both directions by a test. */
export const ERRORS = {
  malformed_json: entry(400, 'The body is not JSON.'),
  malformed_csv: entry(400, 'The body is not CSV with the documented columns.'),
  malformed_request: entry(400, 'The request does not have the documented shape.'),
  malformed_cursor: entry(400, 'The cursor is not one that this list gave out.'),
  body_too_large: entry(413, 'The body is larger than the limit.'),
  unsupported_media_type: entry(415, 'The API takes application/json.'),
  unauthorized: entry(401, 'A valid API key is needed: Authorization: Bearer KEY. People sign in at the console.'),
  sign_in_refused: entry(401, 'User name or password is wrong.'),
  link_not_valid: entry(403, 'The link was used or has run out. A new one: npx huidan users link'),
  forbidden: entry(403, 'The API key or the user has no right to do this.'),
  cross_site_refused: entry(403, 'A browser sends this only from a page of the hub itself.', 'warn'),
  reveal_needs_reason: entry(400, 'Revealing personal data needs reason=….'),
  not_found: entry(404, 'There is nothing here.'),
  account_not_found: entry(404, 'There is no such account.'),
  order_not_found: entry(404, 'There is no such order.'),
  callback_not_found: entry(404, 'There is no such callback.'),
  endpoint_not_found: entry(404, 'There is no such endpoint.'),
  delivery_not_found: entry(404, 'There is no such attempt to deliver.'),
  event_not_found: entry(404, 'There is no such event.'),
  key_not_found: entry(404, 'There is no such API key.'),
  user_not_found: entry(404, 'There is no such user.'),
  session_not_found: entry(404, 'There is no such session.'),
  export_not_found: entry(404, 'There is no such export.'),
  secret_not_found: entry(404, 'The account has no such secret.'),
  reconciliation_not_found: entry(404, 'There is no such reconciliation.'),
  attention_not_found: entry(404, 'There is nothing such in the attention queue.'),
  action_not_found: entry(404, 'There is no such action.'),
  replay_not_found: entry(404, 'There is no such replay.'),
  store_not_found: entry(404, 'The account has no such store.'),
  machine_not_found: entry(404, 'The account has no such machine.'),
  binding_not_found: entry(404, 'There is no such binding.'),
  merchant_not_found: entry(404, 'There is no such merchant.'),
  shop_not_found: entry(404, 'There is no such shop.'),
  member_not_found: entry(404, 'There is no such member.'),
  payout_not_found: entry(404, 'There is no such payout.'),
  claim_not_found: entry(404, 'There is no such claim.'),
  callback_unknown: entry(404, 'No account takes callbacks at this address.'),
  method_not_allowed: entry(405, 'This address does not take that method.'),
  conflict: entry(409, 'Something with this id exists already.'),
  idempotency_conflict: entry(409, 'This Idempotency-Key was used for another request.'),
  idempotency_in_progress: entry(409, 'The first request with this Idempotency-Key is still under way.', 'info', true),
  username_taken: entry(409, 'Another user has this name.'),
  export_not_ready: entry(409, 'The file is not ready yet.', 'info', true),
  current_password_wrong: entry(422, 'The current password is wrong.'),
  username_refused: entry(422, 'The user cannot have this name.'),
  password_refused: entry(422, 'The password is too easy to guess.'),
  last_admin: entry(422, 'Without this user nobody could look after the hub.'),
  export_refused: entry(422, 'There is no file of this.'),
  sandbox_refused: entry(422, 'The sandbox does not do that.'),
  too_many_tries: entry(429, 'Too many tries to sign in. Wait a while.', 'warn', true),
  too_many_streams: entry(429, 'Too many streams are open.', 'warn', true),
  machines_unsupported: entry(422, 'This platform does not sell by machines.'),
  platform_refused: entry(422, 'The platform refused.'),
  platform_unknown: entry(422, 'There is no connector for this platform.'),
  credentials_invalid: entry(422, 'The credentials do not fit the platform.'),
  settings_invalid: entry(422, 'The settings do not fit the platform.'),
  endpoint_url_refused: entry(422, 'The address of the endpoint may not be used.'),
  personal_data_refused: entry(422, 'Personal data is only sent by https.'),
  redrive_refused: entry(422, 'This callback cannot be applied again.'),
  action_unknown: entry(422, 'This cannot be done to an order of this platform.'),
  action_params_invalid: entry(422, 'The parameters do not fit the action.'),
  action_refused: entry(422, 'The action makes no sense for the order as it is.'),
  account_observes: entry(422, 'The account only observes: nothing is done at its platform.'),
  account_paused: entry(422, 'The account is paused: nothing is done at its platform.'),
  refund_exceeds_paid: entry(422, 'More would be given back than was paid.'),
  repair_unsupported: entry(422, 'The account asks its platform no such question.'),
  reconcile_unsupported: entry(422, 'The platform neither lists the orders of a day nor can be asked about one.'),
  creation_unsupported: entry(422, 'No orders are made at this platform by the hub.'),
  order_invalid: entry(422, 'The order cannot be made like this.'),
  order_exists: entry(409, 'Another order has this number already.'),
  order_create_failed: entry(422, 'The platform did not make the order.'),
  order_create_pending: entry(
    503,
    'It is not known yet whether the platform made the order. Send the same again: it goes on.',
    'info',
    true,
  ),
  order_not_at_platform: entry(422, 'The platform tells of no such order.'),
  action_not_open: entry(422, 'The outcome of this action is known.'),
  action_under_way: entry(
    503,
    'A call about this action is under way, and its answer counts. Try again.',
    'info',
    true,
  ),
  check_unsupported: entry(422, 'The hub knows no call yet that proves the credentials of this platform.'),
  binding_unsupported: entry(422, 'Stores of this platform are not bound by the hub.'),
  binding_options_invalid: entry(422, 'The options do not fit the binding page of the platform.'),
  store_not_bound: entry(422, 'The store is not bound.'),
  merchant_in_use: entry(422, 'The merchant has shops or accounts.'),
  shop_in_use: entry(422, 'The shop has stores; let them leave it first.'),
  member_invalid: entry(422, 'The member cannot be kept like this.'),
  import_invalid: entry(422, 'Nothing was imported.'),
  sid_invalid: entry(422, 'The platform takes no link with this sid.'),
  links_unsupported: entry(422, 'The hub makes no promotion links of this platform.'),
  link_refused: entry(422, 'The platform made no link.'),
  plan_invalid: entry(422, 'The plan cannot be kept like this.'),
  plan_overlap: entry(409, 'Another plan holds for the same orders.'),
  payout_refused: entry(422, 'Nothing is paid out like this.'),
  claim_refused: entry(422, 'The claim cannot be taken.'),
  platform_unreachable: entry(503, 'The platform gives no answer just now. Try again.', 'info', true),
  database_unavailable: entry(503, 'The database is not reachable. Try again.', 'warn', true),
  query_too_slow: entry(
    503,
    'Finding that took too long and was broken off. Narrow it down: an account, a status, a shorter time.',
    'warn',
    true,
  ),
  overloaded: entry(503, 'Too many requests are waiting. Try again.', 'warn', true),
  shutting_down: entry(503, 'The hub is stopping. Try again.', 'info', true),
  internal: entry(500, 'Something went wrong here. The log has the details under this request id.', 'error', true),
  hub_unreachable: entry(503, 'No hub answers there. Is it running? Another one: --hub URL', 'info', true),
  not_a_hub: entry(500, 'What answers there is not a hub.'),
  key_needed: entry(401, 'The hub wants a key: --key KEY or HUIDAN_ADMIN_KEY.'),
  address_in_use: entry(500, 'Something listens at this port already. Another one: --port N', 'error'),
  address_refused: entry(500, 'The system does not let the hub listen there.', 'error'),
  config_invalid: entry(500, 'The configuration is not valid.', 'error'),
  database_refused: entry(500, 'The database that DATABASE_URL names cannot be opened.', 'error'),
  embedded_postgres_in_use: entry(500, 'Another hub uses this data folder.', 'error'),
  embedded_postgres_version_mismatch: entry(
    500,
    'The data folder was made by another major version of PostgreSQL.',
    'error',
  ),
  embedded_postgres_unavailable: entry(
    500,
    'The PostgreSQL that comes along cannot run here; set DATABASE_URL.',
    'error',
  ),
  embedded_postgres_failed: entry(500, 'PostgreSQL was started and ended again.', 'error'),
  embedded_postgres_stopped: entry(500, 'The hub was stopped while PostgreSQL was starting.'),
  migration_changed: entry(500, 'A migration that this database has differs from the file of its number.', 'error'),
  migration_failed: entry(500, 'A migration failed; nothing of it was kept.', 'error'),
  migration_files_wrong: entry(500, 'The migration files are not numbered 1, 2, 3 ….', 'error'),
  database_newer: entry(500, 'The database was migrated by a newer release.', 'error'),
  postgres_too_old: entry(500, 'The server is older than PostgreSQL 15.', 'error'),
  database_encoding: entry(500, 'The database is not encoded in UTF-8.', 'error'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** An error from the table. `detail` adds what only this case knows; `fields` names what is wrong where. */
export class HuidanError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | undefined;
  readonly fields: readonly { readonly field: string; readonly message: string }[];
  /** When the same request may succeed, where that is known. */
  readonly retryAfterSeconds: number | undefined;
  constructor(
    code: ErrorCode,
    detail?: string,
    options: {
      readonly fields?: HuidanError['fields'];
      readonly cause?: unknown;
      readonly retryAfterSeconds?: number;
    } = {},
  ) {
    super(detail === undefined ? ERRORS[code].message : `${ERRORS[code].message} ${detail}`, { cause: options.cause });
    this.name = 'HuidanError';
    this.code = code;
    this.detail = detail;
    this.fields = options.fields ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
