import { STATUS_CODES } from 'node:http';
import { ERRORS, HuidanError } from '../core/errors.ts';
import type { ErrorCode } from '../core/errors.ts';
import { QUERY_CANCELED, classifyPgError, pgErrorCode } from '../store/pg-errors.ts';

/** An error as it leaves by the API (RFC 9457). Never holds an internal message. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly fields?: readonly { readonly field: string; readonly message: string }[];
  readonly requestId: string;
}

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** What is wrong with the parts of a request, found by its schema. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
  readonly fields: NonNullable<Problem['fields']>;
  constructor(fields: NonNullable<Problem['fields']>) {
    super('the request does not fit its schema');
    this.fields = fields;
  }
}

const FRAMEWORK_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_json',
};

/**
 * The table's error for whatever was thrown. What nobody foresaw becomes `internal`, and its message stays in the log;
 * a value that the database cannot hold is the caller's mistake, an absent database is ours, and a read (`method`) that
 * was broken off after `statement_timeout` asked for too much.
 */
export function toHuidanError(error: unknown, method?: string): HuidanError {
  if (error instanceof HuidanError) return error;
  if (error instanceof ShapeError) {
    return new HuidanError('malformed_request', sentence(error.fields), { fields: error.fields });
  }
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  const known = typeof code === 'string' ? FRAMEWORK_CODES[code] : undefined;
  if (known !== undefined) return new HuidanError(known, undefined, { cause: error });
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return new HuidanError(statusCode === 413 ? 'body_too_large' : 'malformed_request', undefined, { cause: error });
  }
  // A write that waits for too long has met others; a read that does asks for too much.
  if (method === 'GET' && pgErrorCode(error) === QUERY_CANCELED) {
    return new HuidanError('query_too_slow', undefined, { cause: error, retryAfterSeconds: 10 });
  }
  switch (classifyPgError(error)) {
    case 'data':
      return new HuidanError('malformed_request', 'A value cannot be stored or searched for.', { cause: error });
    case 'retry':
    case 'unavailable':
      return new HuidanError('database_unavailable', undefined, { cause: error });
    case 'bug':
      return new HuidanError('internal', undefined, { cause: error });
  }
}

const sentence = (fields: NonNullable<Problem['fields']>): string =>
  fields.map(({ field, message }) => (field === '' ? message : `${field} ${message}`)).join('; ');

export function toProblem(error: HuidanError, requestId: string): Problem {
  const { status, message } = ERRORS[error.code];
  return {
    type: `urn:huidan:error:${error.code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code: error.code,
    detail: error.detail === undefined ? message : `${message} ${error.detail}`,
    ...(error.fields.length === 0 ? {} : { fields: error.fields }),
    requestId,
  };
}
