import type { Json } from './json.ts';

/** The same words in both languages of the product. */
export interface Words {
  readonly en: string;
  readonly zh: string;
}

interface FieldBase {
  /** JSON name in `credentials` or `settings`. */
  readonly name: string;
  readonly label: Words;
  /** Where to find it or what it changes. */
  readonly help: Words;
  readonly required: boolean;
  /** The order itself supplies it (`ActionSpec.paramsFrom`): whoever knows better may give it, and no form asks for it. */
  readonly supplied?: true;
}

/**
 * One credential or setting of an account, as data: it makes the console's form, the CLI's prompt, validation, masking
 * and the documentation. A credential is always text and is never given back.
 */
export type AccountField =
  | (FieldBase & {
      readonly kind: 'text';
      readonly maxLength: number;
      readonly pattern?: string;
      readonly default?: string;
    })
  | (FieldBase & { readonly kind: 'url'; readonly default?: string })
  | (FieldBase & {
      readonly kind: 'integer';
      readonly minimum: number;
      readonly maximum: number;
      readonly default?: number;
    })
  | (FieldBase & { readonly kind: 'boolean'; readonly default: boolean })
  | (FieldBase & { readonly kind: 'choice'; readonly choices: readonly string[]; readonly default: string })
  | (FieldBase & { readonly kind: 'json'; readonly default?: Json });

export interface AccountSpec {
  /** Which credential fields can verify a callback: a change keeps their old values valid for a while. */
  readonly callbackSecrets: readonly string[];
  /**
   * How long the old value of a callback secret stays valid when the change does not say. null: until removed, for
   * platforms that go on signing with it. Left out: the hub's own default.
   */
  readonly oldSecretsValidSeconds?: number | null;
  readonly credentials: readonly AccountField[];
  readonly settings: readonly AccountField[];
}

/** The settings with every default filled in. */
export function withDefaults(
  spec: AccountSpec,
  settings: Readonly<Record<string, Json>>,
): Readonly<Record<string, Json>> {
  const filled: Record<string, Json> = {};
  for (const field of spec.settings) if (field.default !== undefined) filled[field.name] = field.default;
  return { ...filled, ...settings };
}

/** Whether a choice or a toggle has this value; anything unset or odd has none, and so is the default. */
export const isSet = (
  { settings }: { readonly settings: Readonly<Record<string, Json>> },
  name: string,
  value: string | boolean,
): boolean => settings[name] === value;
