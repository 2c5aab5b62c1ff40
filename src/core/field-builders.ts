import type { AccountField, Words } from './account-fields.ts';

/**
 * Credentials, settings and params of actions: name, rule and label in one line, then the help in both languages. A
 * table of them is read by people who look for one name; spelled out as objects, the tables of two platforms were a
 * fifth of their inbound halves.
 */

export const words = (en: string, zh: string): Words => ({ en, zh });

type Field<Kind extends AccountField['kind']> = Extract<AccountField, { readonly kind: Kind }>;

export const text = (
  name: string,
  label: Words,
  help: Words,
  rules: Pick<Field<'text'>, 'maxLength' | 'pattern' | 'default'> & { readonly required?: boolean },
): Field<'text'> => ({ name, kind: 'text', required: true, label, help, ...rules });

/** The help of a text, and beside it what few texts have. */
type Help = Words & Pick<Field<'text'>, 'pattern' | 'default'>;

const ofHelp = ({ en, zh, ...rules }: Help): Pick<Field<'text'>, 'help'> & Omit<Help, keyof Words> => ({
  help: words(en, zh),
  ...rules,
});

/** A credential without which the account is none, under the name that it has at the platform. */
export const credential = (name: string, maxLength: number, label: Words, help: Help): Field<'text'> => ({
  name,
  kind: 'text',
  maxLength,
  required: true,
  label,
  ...ofHelp(help),
});

/** A credential or a setting that may be left empty. */
export const optionalText = (name: string, maxLength: number, label: Words, help: Help): Field<'text'> => ({
  ...credential(name, maxLength, label, help),
  required: false,
});

export const toggle = (name: string, preset: boolean, label: Words, help: Words): Field<'boolean'> => ({
  name,
  kind: 'boolean',
  default: preset,
  required: false,
  label,
  help,
});

/** The first choice is what holds where nobody chose: for a fact that no source settles, the likelier. */
export const choice = (
  name: string,
  choices: readonly [string, ...string[]],
  label: Words,
  help: Words,
): Field<'choice'> => ({ name, kind: 'choice', choices, default: choices[0], required: false, label, help });

export const integer = (
  name: string,
  [minimum, maximum, preset]: readonly [minimum: number, maximum: number, preset: number],
  label: Words,
  help: Words,
): Field<'integer'> => ({ name, kind: 'integer', minimum, maximum, default: preset, required: false, label, help });

export const host = (
  name: string,
  url: string,
  label: Words,
  help: Words = words('Another host for a sandbox or a test.', '沙箱或测试时使用其他地址。'),
): Field<'url'> => ({ name, kind: 'url', default: url, required: false, label, help });

/** Where the API of a platform is; no account goes without it, so that a sandbox or a test double can stand in. */
export const apiHost = (url: string, help?: Words): Field<'url'> =>
  host('baseUrl', url, words('API host', '接口地址'), help);

/** What becomes of fields with an empty value in the signed text. */
export const emptyInSignature = (...choices: readonly ['include', 'skip'] | readonly ['skip', 'include']) =>
  choice('emptyInSignature', choices, words('Empty values in the signature', '签名中的空值'), {
    en: 'include: the name of an empty field is signed; skip: the field is left out.',
    zh: 'include：空字段的字段名参与签名；skip：空字段不参与签名。',
  });

/** For platforms whose pages and programs differ in the unit of a time that we send. */
export const timeUnit = (name: string, choices: readonly ['ms', 's'] | readonly ['s', 'ms'], label: Words) =>
  choice(name, choices, label, words('ms: milliseconds; s: seconds.', 'ms：毫秒；s：秒。'));
