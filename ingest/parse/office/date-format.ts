type Token = { readonly literal: string } | { readonly code: string };

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const DAY = 86_400_000;
/** Day 0 of both systems. The first counts a 29 February 1900 that never was, so that it is right from March on (ECMA-376, 18.17.4.1). */
const EPOCH = Date.UTC(1899, 11, 30);
const EPOCH_1904 = Date.UTC(1904, 0, 1);
/** Day of the year 10000, from which on numbers are no dates. */
const LAST_DAY = 2_958_466;

function two(value: number): string {
  return String(value).padStart(2, '0');
}

/**
 * A day and its time by the parts of a date's format.
 *
 * @returns undefined for a number that is no date
 */
export function dateText(value: number, tokens: readonly Token[], date1904: boolean): string | undefined {
  if (value < 0 || value >= LAST_DAY) return undefined;
  const codes = tokens.map((token) => ('code' in token ? token.code.toLowerCase() : ''));
  const fractions = codes.includes('.') && codes.some((code) => /^s+$/.test(code));
  // Seconds are rounded where no parts of them are shown.
  const unit = fractions ? 1 : 1000;
  const milliseconds = Math.round((value * DAY) / unit) * unit;
  const early = !date1904 && value < 60 ? DAY : 0;
  const date = new Date((date1904 ? EPOCH_1904 : EPOCH) + milliseconds + early);
  const half = codes.some((code) => ['am/pm', 'a/p', '上午/下午'].includes(code));
  const hour = date.getUTCHours();
  const pieces: string[] = [];
  for (const [index, token] of tokens.entries()) {
    if ('literal' in token) pieces.push(token.literal);
    else pieces.push(part(codes[index] ?? '', index) ?? token.code);
  }
  return pieces.join('').trim();

  function part(code: string, index: number): string | undefined {
    if (/^y+$/.test(code)) return code.length <= 2 ? two(date.getUTCFullYear() % 100) : String(date.getUTCFullYear());
    if (/^m+$/.test(code)) return isMinute(codes, index) ? padded(date.getUTCMinutes(), code) : month(code);
    if (/^d+$/.test(code)) return day(code);
    if (/^h+$/.test(code)) return padded(half ? hour % 12 || 12 : hour, code);
    if (/^s+$/.test(code)) return padded(date.getUTCSeconds(), code);
    if (/^\[h+\]$/.test(code)) return padded(Math.floor(milliseconds / 3_600_000), code.slice(1, -1));
    if (/^\[m+\]$/.test(code)) return padded(Math.floor(milliseconds / 60_000), code.slice(1, -1));
    if (/^\[s+\]$/.test(code)) return padded(Math.floor(milliseconds / 1000), code.slice(1, -1));
    if (code === 'am/pm') return hour < 12 ? 'AM' : 'PM';
    if (code === 'a/p') return hour < 12 ? 'A' : 'P';
    if (code === '上午/下午') return hour < 12 ? '上午' : '下午';
    if (code === '0' && fractions) return subsecond(index);
    return code === '@' || code === 'general' ? '' : undefined;
  }

  function month(code: string): string {
    const name = MONTHS[date.getUTCMonth()] ?? '';
    if (code.length >= 5) return name.slice(0, 1);
    if (code.length >= 3) return code.length === 3 ? name.slice(0, 3) : name;
    return padded(date.getUTCMonth() + 1, code);
  }

  function day(code: string): string {
    const name = DAYS[date.getUTCDay()] ?? '';
    if (code.length >= 3) return code.length === 3 ? name.slice(0, 3) : name;
    return padded(date.getUTCDate(), code);
  }

  /** The digit of a second's parts that a zero after the point stands for. */
  function subsecond(index: number): string {
    const place = codes.slice(0, index).filter((code) => code === '0').length;
    return String(date.getUTCMilliseconds()).padStart(3, '0')[place] ?? '0';
  }
}

function padded(value: number, code: string): string {
  return code.length >= 2 ? two(value) : String(value);
}

/** `m` is a month, and after hours or before seconds a minute. */
function isMinute(codes: readonly string[], index: number): boolean {
  const isDateCode = (code: string): boolean => /^(?:[ymdhs]+|\[[hms]+\])$/.test(code);
  const before = codes.slice(0, index).filter(isDateCode).at(-1) ?? '';
  const after = codes.slice(index + 1).find(isDateCode) ?? '';
  return /h/.test(before) || /^\[?s/.test(after);
}
