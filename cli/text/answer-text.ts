import { printableLine } from '../../base/index.ts';
import type { Answer, Citation } from '../../rag/index.ts';

/** A citation as `--json` prints it: `doc_id`, text and relevance, and where it stands. */
interface PrintedCitation extends Omit<Citation, 'document'> {
  readonly docId: string;
}

/** An answer as `--json` prints it. */
export interface PrintedAnswer extends Omit<Answer, 'citations' | 'sources'> {
  readonly citations: readonly PrintedCitation[];
  /** What was read, without its text. */
  readonly sources: readonly { readonly docId: string; readonly score: number; readonly source?: string | undefined }[];
}

/** Characters of a quotation that are shown to people; `--json` has all of it. */
const SHOWN = 300;
/** Fields of a law's article, from the outside in. */
const LAW_FIELDS = ['law', 'book', 'sub_book', 'chapter', 'section', 'article'] as const;

export function printedAnswer({ answer, citations, sources, ...rest }: Answer): PrintedAnswer {
  return {
    answer,
    citations: citations.map(({ document, ...citation }) => ({ ...citation, docId: document })),
    ...rest,
    sources: sources.map(({ document, score, metadata }) => {
      const { source } = (metadata ?? {}) as { readonly source?: string };
      return { docId: document, score, ...(source !== undefined && { source }) };
    }),
  };
}

/** An answer for people: its text, and below it each citation with its number, its words and its place. */
export function formatAnswer(answer: PrintedAnswer, { isShown = false }: { readonly isShown?: boolean } = {}): string {
  const short = answer.shortAnswer === undefined ? '' : ` -> ${oneLine(answer.shortAnswer.text)}`;
  return [isShown ? '' : answer.answer, ...(short === '' ? [] : [short]), ...answer.citations.map(formatCitation)]
    .filter((part) => part !== '')
    .join('\n\n');
}

function formatCitation({ number, text, ...place }: PrintedCitation): string {
  const words = oneLine(text);
  const shown = words.length <= SHOWN ? words : `${words.slice(0, SHOWN).replace(/[\uD800-\uDBFF]$/, '')}…`;
  return `[${number}] ${shown}\n    ${placeLine(place)}`;
}

/** `source=path | law | book | chapter | section | article` of laws; `source=path | page 3 | Guide > Installing` of others. */
function placeLine({
  docId,
  source,
  title,
  pages,
  headings = [],
  fields = {},
  cell,
}: Omit<PrintedCitation, 'number' | 'text'>): string {
  const law = LAW_FIELDS.map((name) => fields[name]).filter((value) => typeof value === 'string' && value !== '');
  const page = pages && (pages.first === pages.last ? `page ${pages.first}` : `pages ${pages.first}-${pages.last}`);
  const { figure_caption: caption } = fields;
  const figure = typeof caption === 'string' ? `figure "${caption}"` : undefined;
  const others = [
    title === headings[0] ? undefined : title,
    figure,
    page,
    headings.length > 0 ? headings.join(' > ') : undefined,
    cell && `cell ${[cell.row, cell.column].filter((label) => label !== '').join(', ')}`,
  ];
  const parts = [`source=${source ?? docId}`, ...(law.length > 0 ? law : others)];
  return parts
    .filter((part) => part !== undefined && part !== '')
    .map((part) => oneLine(String(part)))
    .join(' | ');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** A piece of an answer as a terminal may be shown it while it comes: line feeds stay. */
export function printablePiece(text: string): string {
  return text.split('\n').map(printableLine).join('\n');
}
