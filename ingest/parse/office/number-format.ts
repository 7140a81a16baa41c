import { dateText } from './date-format.ts';

/** Formats that files name by number alone (ECMA-376, 18.8.30); of dates, whose form is the reader's own, by ISO 8601. */
const BUILT_IN: Readonly<Record<number, string>> = {
  1: '0',
  2: '0.00',
  3: '#,##0',
  4: '#,##0.00',
  9: '0%',
  10: '0.00%',
  11: '0.00E+00',
  12: '# ?/?',
  13: '# ??/??',
  14: 'yyyy-mm-dd',
  15: 'd-mmm-yy',
  16: 'd-mmm',
  17: 'mmm-yy',
  18: 'h:mm AM/PM',
  19: 'h:mm:ss AM/PM',
  20: 'h:mm',
  21: 'h:mm:ss',
  22: 'yyyy-mm-dd h:mm',
  37: '#,##0;(#,##0)',
  38: '#,##0;(#,##0)',
  39: '#,##0.00;(#,##0.00)',
  40: '#,##0.00;(#,##0.00)',
  45: 'mm:ss',
  46: '[h]:mm:ss',
  47: 'mm:ss.0',
  48: '##0.0E+0',
  49: '@',
  ...Object.fromEntries([27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58].map((id) => [id, 'yyyy-mm-dd'])),
  ...Object.fromEntries([32, 33, 34, 35, 55, 56].map((id) => [id, 'h:mm:ss'])),
};

/** The format of a number: the file's own, else the built-in one, else `General`. */
export function formatOf(id: number, own: ReadonlyMap<number, string>): string {
  return own.get(id) ?? BUILT_IN[id] ?? 'General';
}

/** Parts of a format: what stands for itself, and what is filled in. */
type Token = { readonly literal: string } | { readonly code: string };

/** Quoted text, escaped characters, what is as wide as a character or fills the cell, colours and conditions, then codes. */
const TOKENS = /"([^"]*)"|\\(.)|_.|\*.|\[([^\]]*)\]|(General|AM\/PM|A\/P|上午\/下午|[Ee][+-]|[ymdhsYMDHS]+|[#0?]|[.,%@/]|.)/gsu;

function tokensOf(section: string): Token[] {
  const tokens: Token[] = [];
  for (const [whole, quoted, escaped, bracket, code = ''] of section.matchAll(TOKENS)) {
    if (quoted !== undefined || escaped !== undefined) tokens.push({ literal: quoted ?? escaped ?? '' });
    else if (bracket !== undefined) {
      const currency = /^\$([^-]*)/.exec(bracket)?.[1];
      if (currency) tokens.push({ literal: currency });
      else if (/^(?:h+|m+|s+)$/i.test(bracket)) tokens.push({ code: whole.toLowerCase() });
    } else if (whole.startsWith('_')) tokens.push({ literal: ' ' });
    else if (!whole.startsWith('*')) tokens.push({ code });
  }
  return tokens;
}

const DATE_CODE = /^(?:[ymdhs]+|\[[hms]+\]|am\/pm|a\/p|上午\/下午)$/i;

/** Sections are parted by semicolons outside of quotation marks: positive numbers, negative ones, zero, text. */
function sectionsOf(format: string): string[] {
  const sections = [''];
  for (const [piece] of format.matchAll(/"[^"]*"|\\.|\[[^\]]*\]|[^"\\[]/gsu)) {
    if (piece === ';') sections.push('');
    else sections[sections.length - 1] += piece;
  }
  return sections;
}

const CONDITION = /\[(<=|>=|<>|<|>|=)\s*(-?[\d.]+)\]/;

function holds(section: string, value: number): boolean | undefined {
  const [, operator, limit] = CONDITION.exec(section) ?? [];
  if (operator === undefined) return undefined;
  const other = Number(limit);
  if (operator === '<') return value < other;
  if (operator === '>') return value > other;
  if (operator === '<=') return value <= other;
  if (operator === '>=') return value >= other;
  return operator === '=' ? value === other : value !== other;
}

/** The section for a number, and whether the section itself says that the number is negative. */
function sectionFor(value: number, sections: readonly string[]): { section: string; saysSign: boolean } {
  const numbers = sections.slice(0, 3);
  const conditional = numbers.find((section) => holds(section, value) === true);
  if (conditional !== undefined) return { section: conditional, saysSign: conditional !== numbers[0] };
  if (numbers.some((section) => CONDITION.test(section))) {
    return { section: numbers.find((section) => !CONDITION.test(section)) ?? 'General', saysSign: false };
  }
  if (value < 0 && numbers.length > 1) return { section: numbers[1] ?? '', saysSign: true };
  if (value === 0 && numbers.length > 2) return { section: numbers[2] ?? '', saysSign: false };
  return { section: numbers[0] ?? 'General', saysSign: false };
}

/** A number without format: as many digits as a double surely has, without exponent where it is short. */
function generalText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const rounded = Number(value.toPrecision(15));
  const size = Math.abs(rounded);
  if (size !== 0 && (size >= 1e15 || size < 1e-7))
    return rounded
      .toExponential()
      .toUpperCase()
      .replace(/E([+-])(\d)$/, 'E$10$2');
  return String(rounded);
}

/** The digits of a number as a section's placeholders want them. */
function digitsText(value: number, codes: string): string {
  const [whole = '', fraction = ''] = codes.split('.');
  const scale = /,+$/.exec(whole)?.[0].length ?? 0;
  const grouped = /[#0?],+[#0?]/.test(whole);
  const places = (fraction.match(/[#0?]/g) ?? []).length;
  const scaled = Math.abs(value) / 1000 ** scale;
  const fixed = scaled < 1e21 ? roundedText(scaled, Math.min(places, 30)) : String(scaled);
  let [integer = '', decimals = ''] = fixed.split('.');
  // `?` leaves room for a digit that is not there, which `trim` takes away.
  const least = (whole.match(/0/g) ?? []).length;
  integer = integer === '0' && least === 0 ? '' : integer.padStart(least, '0');
  if (grouped) integer = integer.replace(/\B(?=(?:\d{3})+$)/g, ',');
  const needed = fraction.replace(/[^#0?]/g, '').search(/[#?]+$/);
  if (needed >= 0) while (decimals.length > needed && decimals.endsWith('0')) decimals = decimals.slice(0, -1);
  return decimals !== '' || codes.includes('.') ? `${integer}.${decimals}` : integer;
}

/** Rounded as a spreadsheet does, half away from zero, of the decimal digits that are shown and not of the binary number. */
function roundedText(value: number, places: number): string {
  const digits = Number(`${Number(value.toPrecision(15))}e${places}`);
  if (!Number.isFinite(digits)) return value.toFixed(places);
  return Number(`${Math.round(digits)}e-${places}`).toFixed(places);
}

function exponentText(value: number, mantissa: string, sign: string, exponent: string): string {
  const places = (mantissa.split('.')[1] ?? '').replace(/[^#0?]/g, '').length;
  const step = Math.max(1, (mantissa.split('.')[0] ?? '').replace(/[^#0?]/g, '').length);
  let power = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  if (step > 1) power = Math.floor(power / step) * step;
  let digits = roundedText(Math.abs(value) / 10 ** power, places);
  if (step === 1 && Number(digits) >= 10) {
    power += 1;
    digits = roundedText(Math.abs(value) / 10 ** power, places);
  }
  const mark = power < 0 ? '-' : sign === '+' ? '+' : '';
  return `${digits}E${mark}${String(Math.abs(power)).padStart(exponent.length, '0')}`;
}

/** The nearest fraction whose denominator has so many digits, by trying all. */
function fractionText(value: number, denominatorDigits: number, mixed: boolean): string {
  const whole = mixed ? Math.floor(value) : 0;
  const rest = value - whole;
  let best: [number, number] = [Math.round(rest), 1];
  for (let denominator = 2; denominator < 10 ** Math.min(3, denominatorDigits); denominator += 1) {
    const numerator = Math.round(rest * denominator);
    if (Math.abs(rest - numerator / denominator) < Math.abs(rest - best[0] / best[1]) - 1e-12) best = [numerator, denominator];
  }
  if (best[1] === 1) return String(whole + best[0]);
  return `${whole > 0 ? `${whole} ` : ''}${best[0]}/${best[1]}`;
}

/** A section with digits filled in where its placeholders stand. */
function numberText(value: number, tokens: readonly Token[]): string {
  const isDigit = (token: Token): boolean => 'code' in token && /^[#0?.,]$/.test(token.code);
  const codes = tokens.filter(isDigit).map((token) => ('code' in token ? token.code : ''));
  const percent = tokens.filter((token) => 'code' in token && token.code === '%').length;
  const shown = value * 100 ** percent;
  const slash = tokens.findIndex((token) => 'code' in token && token.code === '/');
  if (slash >= 0 && codes.length > 0) {
    const after = tokens.slice(slash + 1).filter(isDigit).length;
    const before = tokens.slice(0, slash).map((token) => ('code' in token ? token.code : token.literal));
    return fractionText(Math.abs(shown), Math.max(1, after), /[#0?].*\s.*[#0?]/.test(before.join('')));
  }
  const exponent = tokens.findIndex((token) => 'code' in token && /^E[+-]$/i.test(token.code));
  let done = false;
  const digits = (): string => {
    done = true;
    if (exponent < 0) return digitsText(shown, codes.join(''));
    const text = (part: readonly Token[]) =>
      part
        .filter(isDigit)
        .map((token) => ('code' in token ? token.code : ''))
        .join('');
    const sign = (tokens[exponent] as { code: string }).code[1] ?? '+';
    return exponentText(shown, text(tokens.slice(0, exponent)), sign, text(tokens.slice(exponent + 1)));
  };
  return tokens
    .map((token, index) => {
      if ('literal' in token) return token.literal;
      if (isDigit(token)) return done ? '' : digits();
      if (index === exponent) return '';
      return token.code.toLowerCase() === 'general' ? generalText(Math.abs(value)) : token.code;
    })
    .join('');
}

/**
 * A number as a spreadsheet shows it, in the common cases: digits and groups, percent, exponents, fractions, currencies, sections for signs and conditions, dates and times.
 *
 * @param value days since 1899-12-30 (or 1904-01-01) where the format is a date's
 */
export function numberFormatText(value: number, format: string, date1904 = false): string {
  if (!Number.isFinite(value)) return String(value);
  if (format.toLowerCase() === 'general' || format === '@' || format === '') return generalText(value);
  const { section, saysSign } = sectionFor(value, sectionsOf(format));
  const tokens = tokensOf(section);
  if (tokens.some((token) => 'code' in token && DATE_CODE.test(token.code))) {
    const text = dateText(value, tokens, date1904);
    return text ?? generalText(value);
  }
  const text = numberText(value, tokens).trim();
  return value < 0 && !saysSign ? `-${text}` : text;
}
