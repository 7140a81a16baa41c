import { parse } from 'yaml';
import { isLanguageTag, jsonFault } from './check-metadata.ts';
import type { JsonValue, Metadata } from './metadata.ts';

/** Characters of front matter that are parsed; more is no front matter. */
const LONGEST_FRONT_MATTER = 65_536;

const FRONT_MATTER = /^\ufeff?---[ \t]*\r?\n([\s\S]*?)^(?:---|\.\.\.)[ \t]*\r?$/m;
const FENCE = /^ {0,3}(`{3,}|~{3,})/;

/**
 * What a Markdown file says of itself: title and language of its front matter, else its first heading of level 1 as title; the rest of the front matter as fields. Front
 * matter that is no YAML mapping says nothing. The text stays as it is, front matter included.
 */
export function markdownMetadata(text: string): Metadata {
  const match = FRONT_MATTER.exec(text);
  const yaml = match?.index === 0 ? match[1] : undefined;
  const matter = yaml === undefined || yaml.length > LONGEST_FRONT_MATTER ? undefined : frontMatter(yaml);
  const fields = new Map(Object.entries(matter ?? {}).filter(([, value]) => jsonFault(value) === undefined));
  const language = take(fields, 'language', isLanguageTag) ?? take(fields, 'lang', isLanguageTag);
  const title =
    take(fields, 'title', (value) => value.trim() !== '')?.trim() ?? firstHeading(matter ? text.slice(match![0].length) : text);
  return {
    ...(title !== undefined && { title }),
    ...(language !== undefined && { language }),
    ...(fields.size > 0 && { fields: Object.fromEntries(fields) as Record<string, JsonValue> }),
  };
}

/** A string out of the fields, when it is there and fits. */
function take(fields: Map<string, unknown>, key: string, fits: (value: string) => boolean): string | undefined {
  const value = fields.get(key);
  if (typeof value !== 'string' || !fits(value)) return undefined;
  fields.delete(key);
  return value;
}

/** The title of a reStructuredText file: a line at its beginning that is underlined, with or without a line above. */
export function restructuredTitle(text: string): string | undefined {
  const lines = text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .slice(0, 64)
    .filter((line) => line.trim() !== '');
  const [first = '', second = '', third = ''] = lines;
  const overlined = isAdornment(first);
  const [title, under] = overlined ? [second, third] : [first, second];
  const fits = isAdornment(under) && under.trimEnd().length >= title.trim().length && (!overlined || under[0] === first[0]);
  return fits && !isAdornment(title) ? title.trim() : undefined;
}

function frontMatter(yaml: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = parse(yaml, { logLevel: 'error', stringKeys: true });
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** `# Heading`, or a line underlined with `=`; what stands in fenced code is none. */
function firstHeading(text: string): string | undefined {
  let fence: string | undefined;
  let before = '';
  for (const line of text.split(/\r?\n/)) {
    const mark = FENCE.exec(line)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence) && line.trim() === mark) fence = undefined;
      continue;
    }
    if (mark !== undefined) {
      fence = mark;
      before = '';
      continue;
    }
    const heading = /^ {0,3}#[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$/.exec(line)?.[1];
    if (heading) return heading;
    if (/^ {0,3}=+[ \t]*$/.test(line) && before !== '') return before;
    before = line.trim();
  }
  return undefined;
}

/** A line of one punctuation mark, at least twice. */
function isAdornment(line: string): boolean {
  return /^([!-/:-@[-`{-~])\1+\s*$/.test(line);
}
