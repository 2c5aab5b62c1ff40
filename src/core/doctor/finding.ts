import type { Words } from '../account-fields.ts';
import type { Reading } from './request-reading.ts';
import type { Scheme } from './scheme.ts';
import type { DoctorSecret } from './trial.ts';

/** Something about a request that is not as a scheme has it: where no secret fits, the nearest thing to an answer. */
export interface Finding {
  readonly code: string;
  readonly field?: string;
  readonly words: Words;
  /** How likely it is the reason; the higher the earlier it is told. */
  readonly weight: number;
}

export interface FindingsInput {
  readonly reading: Reading;
  readonly scheme: Scheme;
  readonly secrets: readonly DoctorSecret[];
  readonly signature?: string;
  /** Values of the account that requests name, such as its app id. */
  readonly plainCredentials: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

/** Looks for one kind of oddness. */
export type Look = (input: FindingsInput) => readonly Finding[];

/** Makes one. */
export function makeFinding(code: string, weight: number, en: string, zh: string, field?: string): Finding {
  return { code, weight, words: { en, zh }, ...(field === undefined ? {} : { field }) };
}
