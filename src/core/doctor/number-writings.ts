import type { FieldRules } from './scheme.ts';

/** A number token as another language writes it after reading it into its own number. */
export function numberText(token: string, writing: FieldRules['number']): string {
  if (writing === 'text' || writing === 'js-texts') return writing === 'text' ? token : jsNumber(token);
  const value = Number(token);
  if (!Number.isFinite(value)) return token;
  const isWhole = /^-?\d+$/u.test(token);
  switch (writing) {
    case 'js':
      return jsNumber(token);
    case 'php':
      // A whole number of 64 bits stays one; a float has up to 17 digits.
      return isWhole && BigInt(token) <= MOST_INT64 && BigInt(token) >= -MOST_INT64 ? token : phpNumber(value);
    case 'go':
      return goNumber(value);
    case 'java':
      return isWhole ? token : javaNumber(value);
    case 'fixed1':
      return value.toFixed(1);
    case 'fixed2':
      return value.toFixed(2);
    default:
      return token;
  }
}

const MOST_INT64 = 2n ** 63n - 1n;

function jsNumber(token: string): string {
  const value = Number(token);
  return token.trim() !== '' && Number.isFinite(value) ? String(value) : token;
}

function phpNumber(value: number): string {
  const text = String(value);
  if (!text.includes('e') && text.replace(/\D/gu, '').length <= 17 && Math.abs(value) < 1e15) return text;
  const [digits = '', power = '0'] = value.toExponential().split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}E${power}`;
}

/** `%v` of a float64: the shortest digits, with an exponent from 1e+06 on (two digits at least). */
function goNumber(value: number): string {
  if (value === 0) return '0';
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -4 && exponent < 6) return String(value);
  const [digits = '', power = '+0'] = value.toExponential().split('e');
  return `${digits}e${power.slice(0, 1)}${power.slice(1).padStart(2, '0')}`;
}

/** `Double.toString`: always a fraction, an exponent from 10^7 on. */
function javaNumber(value: number): string {
  if (Math.abs(value) < 1e7 && (Math.abs(value) >= 1e-3 || value === 0)) {
    return Number.isInteger(value) ? `${value}.0` : String(value);
  }
  const [digits = '', power = '+0'] = value.toExponential().split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}E${power.replace('+', '')}`;
}

/**
 * The whole numbers that a double turns into this token: what may have stood there before somebody's parser rounded it.
 * Empty for a token that no rounding makes.
 */
export function* beforeRounding(token: string): Generator<string> {
  if (!/^\d{16,20}$/u.test(token)) return;
  const rounded = Number(token);
  if (rounded <= Number.MAX_SAFE_INTEGER || String(rounded) !== token) return;
  // Doubles above 2^53 are this far apart.
  const step = 2 ** (Math.floor(Math.log2(rounded)) - 52);
  const from = BigInt(token) - BigInt(step);
  for (let offset = 0; offset <= 2 * step; offset += 1) {
    const candidate = String(from + BigInt(offset));
    if (candidate !== token && Number(candidate) === rounded) yield candidate;
  }
}
