const SCALES: readonly (readonly [RegExp, number])[] = [
  [/^(?:%|％|percent\b|个百分点)/iu, 1],
  [/^(?:thousand\b|千)/iu, 1e3],
  [/^(?:million\b|百万)/iu, 1e6],
  [/^(?:billion\b)/iu, 1e9],
  [/^(?:万)/u, 1e4],
  [/^(?:亿)/u, 1e8],
];
const NUMBER =
  /^(?<open>\()?\s*(?<sign>[-−–+])?\s*(?:[$€£¥￥]|RMB|CNY|USD|EUR)?\s*(?<digits>\d[\d,]*(?:\.\d+)?)\s*(?<behind>.*?)\)?$/isu;
/** Characters behind a number that are still its unit: 1,200 mg/day, 35 万元. */
const LONGEST_UNIT = 16;

/** The number that a cell holds, with its own scale (1.2 亿 is 120,000,000) and in brackets below zero; undefined where it holds something else. */
export function cellNumber(text: string): number | undefined {
  const { open, sign, digits, behind = '' } = NUMBER.exec(text.normalize('NFKC').trim())?.groups ?? {};
  if (digits === undefined || behind.length > LONGEST_UNIT || /\d/.test(behind)) return undefined;
  const scale = SCALES.find(([pattern]) => pattern.test(behind.trim()))?.[1] ?? 1;
  const value = Number(digits.replaceAll(',', '')) * scale;
  return open !== undefined || (sign !== undefined && sign !== '+') ? -value : value;
}
