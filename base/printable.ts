/** Code points, first and last, that a terminal acts on instead of showing them. */
const ACTED_ON: readonly (readonly [first: number, last: number])[] = [
  // C0 (ECMA-48): line feed, escape and the like.
  [0x00, 0x1f],
  // Delete and C1.
  [0x7f, 0x9f],
  // Separators of lines and paragraphs.
  [0x2028, 0x2029],
  // What turns the direction of text about (Unicode Standard Annex 9).
  [0x202a, 0x202e],
  [0x2066, 0x2069],
  // Halves of surrogate pairs: no characters.
  [0xd800, 0xdfff],
];

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A text on one line, as it may be shown on a terminal: an id, a title, a file name. Control characters become escapes such as `\u001b` and `\n`. */
export function printableLine(text: string): string {
  return Array.from(text, shown).join('');
}

/** A text of several lines, as it may be shown on a terminal: as `printableLine`, but tabs, and line feeds with or without a carriage return before them, stay. */
function printableLines(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      const end = line.endsWith('\r') ? '\r' : '';
      const cells = line.slice(0, line.length - end.length).split('\t');
      return cells.map(printableLine).join('\t') + end;
    })
    .join('\n');
}

function shown(character: string): string {
  const code = character.codePointAt(0)!;
  if (!ACTED_ON.some(([first, last]) => first <= code && code <= last)) return character;
  return SHORT[character] ?? `\\u${code.toString(16).padStart(4, '0')}`;
}

/**
 * A copy of a command's result in which every string is one line, keys too, so that nothing in the data can forge a line of what is laid out from it.
 *
 * @param texts names of properties whose strings may have several lines
 */
export function printableResult<Result>(result: Result, texts: readonly string[] = []): Result {
  const show = (value: unknown, name: string | undefined): unknown => {
    if (typeof value === 'string')
      return name !== undefined && texts.includes(name) ? printableLines(value) : printableLine(value);
    if (Array.isArray(value)) return value.map((item: unknown) => show(item, name));
    if (!isRecord(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [printableLine(key), show(item, key)]));
  };
  return show(result, undefined) as Result;
}

/** Writes text of several lines, and the end of the last one: the only way by which text for people leaves a command. */
export function writeText(stream: NodeJS.WritableStream, text: string): void {
  stream.write(`${printableLines(text)}\n`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
