import { joinLines } from '../prose.ts';
import { readXml } from '../xml.ts';

/** A drawing that refers to nothing outside of itself, with the words in it. */
export interface SafeSvg {
  readonly text: string;
  /** User units; undefined where it does not say. */
  readonly width: number | undefined;
  readonly height: number | undefined;
  /** Its title and description, which are its alternative text (SVG 2, 5.8). */
  readonly alt: string;
  /** Of its `<text>` elements, one a line. */
  readonly words: string;
}

/** Elements that run, load or hold other pages; and pictures within, whose own sizes nobody would look at before they are decoded. */
const LEFT_OUT = new Set(
  'script foreignobject iframe object embed audio video image feimage handler listener set animate animatemotion animatetransform a'.split(
    ' ',
  ),
);
/** Of those that are left out, the one whose content is drawn. */
const OPEN = new Set(['a']);
/** More elements are no drawing. */
const MOST_ELEMENTS = 200_000;

/**
 * Rewrites a drawing as XML that has no scripts, no references but to its own parts (`#id`), no styles that load anything. A document type is left out: entities of its own are
 * errors, so that none can grow.
 *
 * @throws Error of saxes for what is not well-formed; CemError as `readXml`
 */
export function safeSvg(bytes: Uint8Array, path: string): SafeSvg {
  const pieces: string[] = [];
  const texts: string[] = [];
  const alts: string[] = [];
  const names: string[] = [];
  let skipped = 0;
  let count = 0;
  let root: Readonly<Record<string, string>> | undefined;
  readXml(bytes, path, {
    open(name, attributes) {
      const lower = name.toLowerCase();
      names.push(lower);
      count += 1;
      if (skipped > 0 || count > MOST_ELEMENTS || (LEFT_OUT.has(lower) && !OPEN.has(lower))) {
        skipped += 1;
        return;
      }
      root ??= attributes;
      if (lower === 'text') texts.push('');
      if (lower === 'title' || lower === 'desc') alts.push('');
      if (!OPEN.has(lower)) pieces.push(`<${name}${safeAttributes(attributes, names.length === 1)}>`);
    },
    text(text) {
      if (skipped > 0) return;
      const name = names.at(-1);
      if (name === 'title' || name === 'desc') alts[alts.length - 1] += ` ${text}`;
      else if (names.includes('text')) texts[texts.length - 1] += text;
      pieces.push(escaped(name === 'style' ? safeStyle(text) : text));
    },
    close(name) {
      const lower = names.pop() ?? '';
      if (skipped > 0) skipped -= 1;
      else if (!OPEN.has(lower)) pieces.push(`</${name}>`);
    },
  });
  const [width, height] = sizeOf(root ?? {});
  const words = texts.map(joinLines).filter((line) => line !== '');
  return { text: pieces.join(''), width, height, alt: joinLines(alts.join(' ')), words: words.join('\n') };
}

function safeAttributes(attributes: Readonly<Record<string, string>>, isRoot: boolean): string {
  let text = isRoot ? ' xmlns="http://www.w3.org/2000/svg"' : '';
  for (const [full, value] of Object.entries(attributes)) {
    const name = full.slice(full.indexOf(':') + 1).toLowerCase();
    if (/^xmlns/i.test(full) || /^on/.test(name) || name === 'base') continue;
    if ((name === 'href' || name === 'src') && !/^\s*#/.test(value)) continue;
    if (/url\s*\(/i.test(value) && !/^(?:[^(]|url\s*\(\s*['"]?#[^)]*\))*$/i.test(value)) continue;
    text += ` ${name === 'href' ? 'href' : full.slice(full.indexOf(':') + 1)}="${escaped(name === 'style' ? safeStyle(value) : value)}"`;
  }
  return text;
}

function safeStyle(style: string): string {
  return style.replace(/@import[^;]*;?/gi, '').replace(/url\s*\(\s*(?!['"]?#)[^)]*\)/gi, 'none');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Width and height, in pixels or without unit; else those of its view. */
function sizeOf(root: Readonly<Record<string, string>>): [number | undefined, number | undefined] {
  const length = (text = ''): number | undefined => {
    const [, number] = /^\s*(\d+(?:\.\d+)?)(?:px|pt|\s*)\s*$/.exec(text) ?? [];
    return number === undefined ? undefined : Number(number);
  };
  const view = (root['viewBox'] ?? '')
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  const [, , width, height] = view.length === 4 && view.every(Number.isFinite) ? view : [];
  return [length(root['width']) ?? width, length(root['height']) ?? height];
}
