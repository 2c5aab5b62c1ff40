export type EmbeddedPostgresErrorCode =
  /** Another hub uses this data folder. */
  | 'embedded_postgres_in_use'
  /** The data folder was made by another major version of PostgreSQL. */
  | 'embedded_postgres_version_mismatch'
  /** PostgreSQL cannot run here: no binaries for this platform, no user to run it as, a folder it may not enter. */
  | 'embedded_postgres_unavailable'
  /** PostgreSQL was started and ended again; its last words are in the message. */
  | 'embedded_postgres_failed'
  /** `stop()` came before it was ready. */
  | 'embedded_postgres_stopped';

export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError';
  readonly code: EmbeddedPostgresErrorCode;

  constructor(code: EmbeddedPostgresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
