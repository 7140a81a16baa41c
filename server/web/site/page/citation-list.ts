import type { ShowFigure } from './figure-view.ts';
import { make, makeButton } from './make.ts';
import { fieldsOf, makePlace, titleOf } from './place.ts';
import type { WireCitation, WireResult } from './wire.ts';

// Code of the page: see site-script.ts.

/** The citations of an answer, each with its words and where they stand. */
export function makeCitationList(
  citations: readonly WireCitation[],
  open: (citation: WireCitation) => void,
  figures: ShowFigure,
): HTMLElement {
  const items = citations.map((citation) => {
    const number = make('span', { class: 'number', text: String(citation.number) });
    const title = makeButton({ class: 'link title', text: titleOf(citation, citation.document) });
    title.addEventListener('click', () => open(citation));
    const { row = '', column = '' } = citation.cell ?? {};
    const cell = [row, column].filter((label) => label !== '').join(' · ');
    const fields = [...(cell === '' ? [] : [cell]), ...fieldsOf(citation)];
    return make(
      'li',
      {},
      number,
      make(
        'div',
        {},
        title,
        makePlace(citation),
        figures(citation.document, citation.figure),
        fields.length === 0 ? undefined : make('p', { class: 'place' }, ...fields.map((text) => make('span', { text }))),
        make('blockquote', { text: citation.text }),
      ),
    );
  });
  return make('ol', { class: 'citations', label: 'answer.citations' }, ...items);
}

/** Passages that were found, where the answer has no citation of its own. */
export function makeNearest(sources: readonly WireResult[], open: (source: WireResult) => void): HTMLElement {
  const items = sources.slice(0, 3).map((source) => {
    const title = makeButton({ class: 'link title', text: titleOf(source.metadata ?? {}, source.id) });
    title.addEventListener('click', () => open(source));
    return make('li', {}, make('div', {}, title, makePlace(source.metadata ?? {}), make('blockquote', { text: source.text })));
  });
  return make('div', {}, make('h3', { say: 'answer.nearest' }), make('ul', { class: 'citations nearest' }, ...items));
}
