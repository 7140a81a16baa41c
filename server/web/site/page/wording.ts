import { STRINGS, type StringKey } from './strings.ts';

// Code of the page: see site-script.ts.

/** What stands in for the names in braces. */
export type Values = Readonly<Record<string, string | number>>;

/** Attributes that hold words. */
export const WORDED_ATTRIBUTES = ['aria-label', 'placeholder', 'title'] as const;

/** A text of ours in the language that the page has. `{n}` is a value, `{n|file|files}` one of two words, by whether the value is 1. */
export function word(key: StringKey, values: Values = {}): string {
  const language = document.documentElement.lang;
  const text = STRINGS[key][language.startsWith('zh') ? 1 : 0];
  return text.replace(/\{(\w+)(?:\|([^|}]*)\|([^}]*))?\}/g, (_, name: string, one?: string, many?: string) => {
    const value = values[name] ?? '';
    if (one !== undefined) return value === 1 ? one : many!;
    return typeof value === 'number' ? formatNumber(value) : value;
  });
}

/** Gives an element a text that follows the language. */
export function say(element: HTMLElement, key: StringKey, values: Values = {}): void {
  element.dataset['say'] = key;
  element.dataset['values'] = JSON.stringify(values);
  const text = word(key, values);
  // Only what differs is written: a screen reader reads it aloud.
  if (element.textContent !== text) element.textContent = text;
}

/** Gives an element an attribute whose words follow the language. */
export function sayAttribute(
  element: HTMLElement,
  attribute: (typeof WORDED_ATTRIBUTES)[number],
  key: StringKey,
  values: Values = {},
): void {
  element.setAttribute(`data-say-${attribute}`, key);
  element.setAttribute(`data-values-${attribute}`, JSON.stringify(values));
  element.setAttribute(attribute, word(key, values));
}

/** Words everything below an element anew, after the language has changed. */
export function wordAgain(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>('[data-say]'))
    say(element, element.dataset['say'] as StringKey, JSON.parse(element.dataset['values']!) as Values);
  for (const attribute of WORDED_ATTRIBUTES) {
    for (const element of root.querySelectorAll<HTMLElement>(`[data-say-${attribute}]`)) {
      const values = JSON.parse(element.getAttribute(`data-values-${attribute}`)!) as Values;
      sayAttribute(element, attribute, element.getAttribute(`data-say-${attribute}`) as StringKey, values);
    }
  }
}

export function formatNumber(value: number): string {
  return value.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 20 });
}

/** Scores: as many digits as tell two of them apart. */
export function formatScore(value: number): string {
  return value.toLocaleString(document.documentElement.lang, { minimumFractionDigits: 3, maximumFractionDigits: 3 });
}

/** A share of 0 to 1, as per cent. */
export function formatShare(value: number): string {
  return value.toLocaleString(document.documentElement.lang, { style: 'percent' });
}

export function formatBytes(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
  const step = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** step;
  return new Intl.NumberFormat(document.documentElement.lang, {
    style: 'unit',
    unit: units[step]!,
    unitDisplay: 'short',
    maximumFractionDigits: value < 10 && step > 0 ? 1 : 0,
  }).format(value);
}

export function formatMilliseconds(milliseconds: number): string {
  const seconds = milliseconds >= 1000;
  return new Intl.NumberFormat(document.documentElement.lang, {
    style: 'unit',
    unit: seconds ? 'second' : 'millisecond',
    unitDisplay: 'short',
    maximumFractionDigits: seconds || milliseconds < 10 ? 1 : 0,
  }).format(seconds ? milliseconds / 1000 : milliseconds);
}

/** A point in time as the reader's region writes it; what is no time stays as it is. */
export function formatTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  return time.toLocaleString(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' });
}
