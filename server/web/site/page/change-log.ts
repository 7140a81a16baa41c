import type { ApiClient } from './api-client.ts';
import { makeFailure } from './failure-notice.ts';
import { make, makeButton } from './make.ts';
import type { WireChange } from './wire.ts';
import { formatTime } from './wording.ts';

// Code of the page: see site-script.ts.

/** Changes that are asked for at once. */
export const CHANGES_PER_PAGE = 20;
/** Sources of a change that are named. */
export const SOURCES_NAMED = 8;

/** What was put into a collection and taken out of it, newest first; asked for when it is unfolded. */
export class ChangeLog {
  readonly element: HTMLDetailsElement;
  readonly #api: ApiClient;
  readonly #path: string;
  readonly #items = make('ol', { class: 'changes', label: 'changes.title' });
  readonly #message = make('div');
  readonly #more = makeButton({ class: 'more', say: 'changes.older' });
  #before: number | undefined;

  constructor(api: ApiClient, collection: string) {
    this.#api = api;
    this.#path = `v1/collections/${encodeURIComponent(collection)}/changes`;
    this.#more.hidden = true;
    this.#more.addEventListener('click', () => void this.#load(false));
    const body = make('div', {}, this.#items, this.#message, this.#more);
    this.element = make('details', { class: 'change-log' }, make('summary', { say: 'changes.title' }), body);
    this.element.addEventListener('toggle', () => {
      if (this.element.open) void this.#load(true);
    });
  }

  async refresh(): Promise<void> {
    if (this.element.open) await this.#load(true);
  }

  async #load(fresh: boolean): Promise<void> {
    const query = new URLSearchParams({ limit: String(CHANGES_PER_PAGE) });
    if (!fresh && this.#before !== undefined) query.set('before', String(this.#before));
    try {
      const { changes } = await this.#api.ask<{ changes: readonly WireChange[] }>(`${this.#path}?${query}`);
      const items = changes.map(makeChange);
      if (fresh) this.#items.replaceChildren(...items);
      else this.#items.append(...items);
      this.#before = changes.at(-1)?.version;
      this.#more.hidden = changes.length < CHANGES_PER_PAGE;
      const none = this.#items.children.length === 0;
      this.#message.replaceChildren(...(none ? [make('p', { class: 'soft', say: 'changes.none' })] : []));
    } catch (error) {
      this.#message.replaceChildren(makeFailure(error));
    }
  }
}

export function makeChange({ version, at, put, removed, more_put = 0, more_removed = 0 }: WireChange): HTMLElement {
  const time = make('time', { text: formatTime(at), attributes: { datetime: at } });
  return make(
    'li',
    {},
    make('p', { class: 'when' }, make('span', { class: 'number', text: String(version) }), time),
    make('div', {}, ...makeSources('changes.put', put, more_put), ...makeSources('changes.removed', removed, more_removed)),
  );
}

/**
 * A sentence on some sources, and the names of the first of them.
 *
 * @param unnamed how many more there were
 */
export function makeSources(key: 'changes.put' | 'changes.removed', sources: readonly string[], unnamed: number): HTMLElement[] {
  if (sources.length === 0) return [];
  const named = sources.slice(0, SOURCES_NAMED).map((source) => make('span', { class: 'path', text: source }));
  const all = sources.length + unnamed;
  const rest = all - named.length;
  const more = rest === 0 ? undefined : make('span', { say: 'changes.more', values: { n: rest } });
  return [make('p', { say: key, values: { n: all } }), make('p', { class: 'place' }, ...named, more)];
}
