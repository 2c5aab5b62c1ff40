import type { AccountField, Words } from './account-fields.ts';

/**
 * Credentials, settings and params of actions, a line or two each. A table of them is read by people who look for one
 * name; spelled out as objects, the tables of two platforms were a fifth of their inbound halves.
 */

export const words = (en: string, zh: string): Words => ({ en, zh });

type Field<Kind extends AccountField['kind']> = Extract<AccountField, { readonly kind: Kind }>;

export const text = (
  name: string,
  label: Words,
  help: Words,
  rules: Pick<Field<'text'>, 'maxLength' | 'pattern' | 'default'> & { readonly required?: boolean },
): Field<'text'> => ({ name, kind: 'text', required: true, label, help, ...rules });

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
