import { get } from './request.ts';
import type { Page } from './request.ts';
import type { OrderKind } from './orders.ts';

/** The same words in both languages, as the connectors give them. */
export interface BothWords {
  readonly en: string;
  readonly zh: string;
}

/** One credential, setting or parameter, as data that makes a form. */
export interface FieldSpec {
  readonly name: string;
  readonly kind: 'text' | 'url' | 'integer' | 'boolean' | 'choice' | 'json';
  readonly label: BothWords;
  readonly help: BothWords;
  readonly required: boolean;
  readonly default: unknown;
  readonly choices: readonly string[];
}

export interface ActionSpec {
  readonly name: string;
  readonly label: BothWords;
  readonly params: readonly FieldSpec[];
  /** What a doubled call would cost. */
  readonly moves: 'nothing' | 'money' | 'goods';
}

export interface Platform {
  readonly id: string;
  readonly label: BothWords;
  readonly orderKinds: readonly OrderKind[];
  readonly topics: readonly { readonly name: string; readonly label: BothWords }[];
  readonly credentials: readonly FieldSpec[];
  readonly settings: readonly FieldSpec[];
  readonly credentialsSchema: Readonly<Record<string, unknown>>;
  readonly settingsSchema: Readonly<Record<string, unknown>>;
  /** How its stores are bound: a link for each, or an authorisation of the seller for all of his. */
  readonly binding: 'link' | 'oauth' | null;
  /** What can be done to orders; what the hub does by itself is left out. */
  readonly actions: readonly ActionSpec[];
}

export const readPlatforms = (signal?: AbortSignal): Promise<Page<Platform>> => get('/platforms', undefined, signal);
