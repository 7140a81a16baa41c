const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * A key that a JSON object has twice at its top level, of which `JSON.parse` silently takes the last; undefined when it has none.
 *
 * @param json of the object, valid
 * @param value what `JSON.parse` made of it
 */
export function keyTwice(json: string, value: object): string | undefined {
  // No key is without a quote and a colon behind it. Few texts have these inside, so that most objects end here.
  const atMost = json.match(/"\s*:/g)?.length ?? 0;
  if (atMost <= Object.keys(value).length) return undefined;
  const seen = new Set<string>();
  let depth = 0;
  let last = '';
  for (let position = 0; position < json.length; position++) {
    switch (json[position]) {
      case '"': {
        const end = endOfString(json, position);
        if (depth === 1) last = json.slice(position, end);
        position = end - 1;
        break;
      }
      case '{':
      case '[':
        depth += 1;
        break;
      case '}':
      case ']':
        depth -= 1;
        break;
      case ':': {
        if (depth !== 1) break;
        const key = JSON.parse(last) as string;
        if (seen.has(key)) return key;
        seen.add(key);
        break;
      }
    }
  }
  return undefined;
}

/** Behind the quote that ends the string which begins here. */
function endOfString(json: string, start: number): number {
  for (let position = start + 1; ; position++) {
    const code = json.charCodeAt(position);
    if (code === QUOTE) return position + 1;
    if (code === BACKSLASH) position += 1;
  }
}
