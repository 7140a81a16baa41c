import type { ShowFigure } from './figure-view.ts';
import { make, makeButton } from './make.ts';
import { fieldsOf, makePlace, titleOf } from './place.ts';
import type { StringKey } from './strings.ts';
import type { WireFigure, WireResult } from './wire.ts';
import { formatScore } from './wording.ts';

// Code of the page: see site-script.ts.

/** Names of the retrievers and stages that give scores; others are shown as the server calls them. */
export const RETRIEVER_NAMES: Readonly<Record<string, StringKey>> = {
  vectors: 'retriever.vectors',
  dense: 'retriever.vectors',
  bm25: 'retriever.bm25',
  words: 'retriever.bm25',
  hybrid: 'retriever.hybrid',
  reranker: 'retriever.reranker',
  rerank: 'retriever.reranker',
};

export function retrieverName(retriever: string): HTMLElement {
  const key = RETRIEVER_NAMES[retriever];
  return key === undefined ? make('span', { text: retriever }) : make('span', { say: key });
}

/** A result: what it is, where it stands, its words, and what each stage said of it. */
export function makeResult(result: WireResult, rank: number, open: () => void, figures: ShowFigure): HTMLElement {
  const { id, score, text, metadata = {}, parts = [] } = result;
  const title = makeButton({ class: 'link title', text: titleOf(metadata, id), onClick: open });
  const scores = make(
    'dl',
    { class: 'scores', label: 'search.scores' },
    make('div', { class: 'total' }, make('dt', { say: 'search.score' }), make('dd', { text: formatScore(score) })),
    ...parts.map((part) =>
      make(
        'div',
        {},
        make('dt', {}, retrieverName(part.retriever)),
        make(
          'dd',
          {},
          make('span', { class: 'rank', say: 'search.rank', values: { n: part.rank } }),
          make('span', { text: formatScore(part.score) }),
        ),
      ),
    ),
  );
  const fields = fieldsOf(metadata);
  return make(
    'li',
    { class: 'result' },
    make('span', { class: 'number', text: String(rank), attributes: { 'aria-hidden': 'true' } }),
    make(
      'div',
      {},
      make('h2', {}, title),
      makePlace(metadata),
      figures(id, result.figure),
      make('p', { class: 'snippet', text: snippetOf(text, result.figure) }),
      fields.length === 0 ? undefined : make('p', { class: 'place' }, ...fields.map((field) => make('span', { text: field }))),
      scores,
    ),
  );
}

/** What is shown of a result's text: that of a figure without the caption, which stands below its picture, and without the empty lines between its parts. */
export function snippetOf(text: string, figure: WireFigure | undefined): string {
  if (figure === undefined) return text;
  const { caption = '' } = figure;
  const rest = text.startsWith(caption) ? text.slice(caption.length) : text;
  return rest.trim().replace(/\n\s*\n/g, '\n');
}
