import type { Metadata } from '../../data/index.ts';
import type { WireResult } from '../../server/schemas/index.ts';

/** Characters of a result's text that are shown to people; `--json` has all of it. */
const SNIPPET_LENGTH = 400;

function snippet(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= SNIPPET_LENGTH ? line : `${line.slice(0, SNIPPET_LENGTH)}…`;
}

/** What the corpus says of a result and its id does not. */
function provenance({ id, text, metadata }: WireResult): string {
  const { title, source, pages, headings = [] } = (metadata ?? {}) as Metadata;
  const place = pages && (pages.first === pages.last ? `page ${pages.first}` : `pages ${pages.first}-${pages.last}`);
  // A document's first passage begins with its title.
  const told = title === undefined || text.startsWith(title) ? undefined : title;
  const parts = [told, source === id ? undefined : source, headings.length > 0 ? headings.join(' > ') : undefined, place];
  return parts.filter((part) => part !== undefined && part !== '').join(' · ');
}

const thousands = (bytes: number): string => bytes.toLocaleString('en-US');

/** "chunk 3, passage 2, bytes 2,048-3,101": the bytes are those of the source's text. */
function placeText({ chunk, passage, span }: WireResult): string {
  const bytes = span === undefined ? '' : `, bytes ${thousands(span.start)}-${thousands(span.end)}`;
  return `chunk ${chunk}, passage ${passage}${bytes}`;
}

/** "figure on page 4: 图4：…, 640 × 480 image/png 3f2a…": which, where it is one. */
function figureText({ figure }: WireResult): string {
  if (figure === undefined) return '';
  const { id, page, caption, width, height, media_type: type } = figure;
  const picture = type === undefined ? 'no picture' : `${width} × ${height} ${type} ${id.slice(0, 12)}…`;
  return `figure${page === undefined ? '' : ` on page ${page}`}${caption === undefined ? '' : `: ${caption}`} (${picture})`;
}

function resultText(result: WireResult, rank: number): string {
  const { id, score, text, unit } = result;
  // No line of a text may look like a result's first one.
  const shown = unit === undefined ? snippet(text) : unit.text.trim().replace(/\r?\n/g, '\n   ');
  const by =
    result.layer === undefined ? '' : `, ${result.strategy}: ${(result.parts ?? []).map(({ retriever }) => retriever).join(' ')}`;
  const lines = [
    `${rank + 1}. ${id}  (score ${score.toFixed(4)}, ${placeText(result)}${by})`,
    provenance(result),
    figureText(result),
    shown,
  ];
  return lines.filter((line) => line !== '').join('\n   ');
}

/** Results as people read them. @param note why there are none */
export function formatResults(results: readonly WireResult[], note = 'nothing was found'): string {
  return results.length === 0 ? `no results: ${note}` : results.map(resultText).join('\n');
}
