/** Digits of both writings, and of full width. */
const DIGITS: ReadonlyMap<string, number> = new Map(
  ['零〇○', '一壹１1', '二两贰２2', '三叁３3', '四肆４4', '五伍５5', '六陆６6', '七柒７7', '八捌８8', '九玖９9', '０0'].flatMap(
    (characters, value) => [...characters].map((character) => [character, value % 10] as const),
  ),
);
const UNITS: ReadonlyMap<string, number> = new Map([
  ['十', 10],
  ['拾', 10],
  ['百', 100],
  ['佰', 100],
  ['千', 1000],
  ['仟', 1000],
]);
const MYRIAD = '万';

/** Every character that a number is written with, as the inside of a class of a regular expression. */
export const NUMERAL_CHARACTERS = [...DIGITS.keys(), ...UNITS.keys(), MYRIAD].join('');

/** So many characters at most: 9999万9999 in Chinese has 15. */
const LONGEST = 16;

/**
 * A whole number below 100 million as it stands in Chinese texts: 一千二百六十, 十二, 二〇二〇, 1260, １２６０. Undefined for what is none.
 */
export function parseChineseNumber(text: string): number | undefined {
  const characters = [...text];
  if (characters.length === 0 || characters.length > LONGEST) return undefined;
  const myriads = characters.indexOf(MYRIAD);
  if (myriads < 0) return belowMyriad(characters);
  const [high, low] = [belowMyriad(characters.slice(0, myriads)), characters.slice(myriads + 1)];
  const rest = low.length === 0 ? 0 : belowMyriad(low);
  return high === undefined || rest === undefined || rest >= 10_000 ? undefined : high * 10_000 + rest;
}

function belowMyriad(characters: readonly string[]): number | undefined {
  if (characters.length === 0) return undefined;
  if (!characters.some((character) => UNITS.has(character))) {
    // Digit by digit, as years are written.
    const digits = characters.map((character) => DIGITS.get(character));
    if (digits.includes(undefined) || digits.length > 8) return undefined;
    return digits.reduce<number>((value, digit) => 10 * value + digit!, 0);
  }
  let [total, digit, unitBefore] = [0, undefined as number | undefined, Number.POSITIVE_INFINITY];
  for (const character of characters) {
    const unit = UNITS.get(character);
    if (unit === undefined) {
      const value = DIGITS.get(character);
      if (value === undefined || (digit !== undefined && digit !== 0)) return undefined;
      digit = value;
    } else {
      if (unit >= unitBefore || digit === 0) return undefined;
      total += (digit ?? 1) * unit;
      [digit, unitBefore] = [undefined, unit];
    }
  }
  return total + (digit ?? 0);
}

const WRITTEN = '零一二三四五六七八九';

/**
 * A number as Chinese statutes write it: 10 as 十, 108 as 一百零八, 1260 as 一千二百六十.
 *
 * @param value a whole number from 1 to 9999
 */
export function writeChineseNumber(value: number): string {
  let text = '';
  let gap = false;
  for (const [unit, name] of [
    [1000, '千'],
    [100, '百'],
    [10, '十'],
    [1, ''],
  ] as const) {
    const digit = Math.floor(value / unit) % 10;
    if (digit === 0) gap = text !== '';
    else {
      text += (gap ? '零' : '') + (digit === 1 && unit === 10 && text === '' ? '' : WRITTEN[digit]!) + name;
      gap = false;
    }
  }
  return text;
}
