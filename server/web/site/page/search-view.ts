import { isAbort } from './api-error.ts';
import type { ViewParts } from './ask-view.ts';
import { makeFailure } from './failure-notice.ts';
import { figuresOf } from './figure-view.ts';
import { FilterForm } from './filter-form.ts';
import { make, makeChoice } from './make.ts';
import { makeResult } from './result-item.ts';
import type { View } from './router.ts';
import type { WireResult, WireSearch } from './wire.ts';
import { formatMilliseconds, say } from './wording.ts';

// Code of the page: see site-script.ts.

/** Passages that fit a query, and the scores that put them in their order. */
export class SearchView implements View {
  readonly element: HTMLElement;
  readonly title = 'search.title';
  readonly heading = make('h1', { say: 'search.heading', attributes: { tabindex: '-1', id: 'search-heading' } });
  readonly #parts: ViewParts;
  readonly #query = make('input', {
    label: 'search.query',
    placeholder: 'search.placeholder',
    attributes: { type: 'search', id: 'query', maxlength: '10000', autocomplete: 'off', enterkeyhint: 'search' },
  });
  readonly #status = make('p', { class: 'soft found', attributes: { role: 'status' } });
  readonly #results = make('ol', { class: 'results', label: 'search.results' });
  readonly #failure = make('div');
  readonly #filters: FilterForm;
  /** Empty: as the collection is made. */
  #retrievers = '';
  #running: AbortController | undefined;

  constructor(parts: ViewParts) {
    this.#parts = parts;
    const retrievers = makeChoice(
      'retrievers',
      'search.retrievers',
      [
        ['', 'retriever.auto'],
        ['hybrid', 'retriever.hybrid'],
        ['vectors', 'retriever.vectors'],
        ['bm25', 'retriever.bm25'],
      ],
      '',
      (value) => {
        this.#retrievers = value;
      },
    );
    this.#filters = new FilterForm(retrievers);
    const form = make(
      'form',
      { class: 'search-form', attributes: { role: 'search' } },
      make(
        'div',
        { class: 'row' },
        this.#query,
        parts.choice.makeSelect('search-collection'),
        make('button', { class: 'primary', say: 'search.button', attributes: { type: 'submit' } }),
      ),
      this.#filters.element,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#search();
    });
    this.#results.hidden = true;
    this.element = make(
      'section',
      { class: 'view search', attributes: { 'aria-labelledby': 'search-heading' } },
      this.heading,
      form,
      this.#status,
      this.#failure,
      this.#results,
    );
  }

  show(): void {}

  async #search(): Promise<void> {
    const { api, settings, choice } = this.#parts;
    const query = this.#query.value.trim();
    if (query === '') {
      this.#query.focus();
      return;
    }
    this.#running?.abort();
    const running = new AbortController();
    this.#running = running;
    say(this.#status, 'search.searching');
    const { filter } = this.#filters;
    const retrievers = this.#retrievers;
    let collection: string | undefined;
    try {
      collection = await choice.known();
      // Another search was sent meanwhile.
      if (running.signal.aborted) return;
      if (collection === undefined) {
        this.#draw('', undefined);
        location.hash = '#/collections';
        return;
      }
      const body = { collection, query, k: settings.results, ...(filter && { filter }), ...(retrievers && { retrievers }) };
      const answer = await api.ask<WireSearch>('v1/search', { method: 'POST', body, signal: running.signal });
      this.#failure.replaceChildren();
      this.#draw(collection, answer);
    } catch (error) {
      if (running.signal.aborted || isAbort(error)) return;
      this.#draw(collection ?? '', undefined);
      this.#failure.replaceChildren(makeFailure(error));
    }
  }

  #draw(collection: string, answer: WireSearch | undefined): void {
    const { results = [], took_ms = 0, note } = answer ?? {};
    if (answer === undefined) this.#status.replaceChildren();
    else if (results.length === 0) say(this.#status, 'search.nothing', { note: note ?? '' });
    else say(this.#status, 'search.found', { n: results.length, time: formatMilliseconds(took_ms) });
    if (answer === undefined) delete this.#status.dataset['say'];
    this.#results.hidden = results.length === 0;
    const figures = figuresOf(this.#parts.api, collection);
    const open = ({ id: unit, text: quote, metadata = {} }: WireResult): void =>
      this.#parts.open({ collection, unit, quote, metadata });
    this.#results.replaceChildren(...results.map((result, i) => makeResult(result, i + 1, () => open(result), figures)));
  }
}
