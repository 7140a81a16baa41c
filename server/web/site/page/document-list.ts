import type { ApiClient } from './api-client.ts';
import type { Opening } from './document-sheet.ts';
import { makeFailure } from './failure-notice.ts';
import { make, makeButton } from './make.ts';
import { askFirst } from './small-dialog.ts';
import type { WireDocument, WireDocumentPage } from './wire.ts';
import { sayAttribute } from './wording.ts';

// Code of the page: see site-script.ts.

/** Documents that are asked for at once. */
export const DOCUMENTS_PER_PAGE = 50;

export interface DocumentListParts {
  readonly api: ApiClient;
  readonly collection: string;
  readonly open: (opening: Opening) => void;
  readonly replace: (source: string, file: File) => void;
  /** Called when the collection has changed. */
  readonly onChange: () => void;
}

/** The documents of a collection, a page at a time, to be read, replaced and deleted. */
export class DocumentList {
  readonly element: HTMLElement;
  readonly #parts: DocumentListParts;
  readonly #items = make('ul', { class: 'documents', label: 'documents.title' });
  readonly #more = makeButton({ class: 'more', say: 'documents.more' });
  readonly #message = make('div');
  readonly #source = make('input', {
    label: 'documents.source',
    placeholder: 'documents.source',
    attributes: { type: 'search', id: 'documents-source', autocomplete: 'off', spellcheck: 'false' },
  });
  readonly #picker = make('input', {
    label: 'documents.replace',
    attributes: { type: 'file', tabindex: '-1', id: 'replacement' },
  });
  /** Items that are shown, by what they show: one that has not changed stays, and whoever came from it finds it again. */
  #shown = new Map<string, HTMLElement>();
  #replaced = '';
  #next: string | undefined;
  /** What is asked last counts. */
  #turn = 0;

  constructor(parts: DocumentListParts) {
    this.#parts = parts;
    this.#picker.hidden = true;
    this.#picker.addEventListener('change', () => {
      const file = this.#picker.files?.[0];
      if (file !== undefined) parts.replace(this.#replaced, file);
      this.#picker.value = '';
    });
    this.#more.hidden = true;
    this.#more.addEventListener('click', () => void this.#load(false));
    const form = make('form', { class: 'narrow' }, this.#source);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#load(true);
    });
    // Also when it is emptied by its cross.
    this.#source.addEventListener('search', () => void this.#load(true));
    this.element = make(
      'section',
      { attributes: { 'aria-labelledby': 'documents-title' } },
      make('div', { class: 'section-head' }, make('h2', { say: 'documents.title', attributes: { id: 'documents-title' } }), form),
      this.#items,
      this.#message,
      this.#more,
      this.#picker,
    );
  }

  /** Lists them from the beginning. */
  refresh(): Promise<void> {
    return this.#load(true);
  }

  async #load(fresh: boolean): Promise<void> {
    const { api, collection } = this.#parts;
    const turn = ++this.#turn;
    const query = new URLSearchParams({ limit: String(DOCUMENTS_PER_PAGE) });
    if (!fresh && this.#next !== undefined) query.set('after', this.#next);
    const source = this.#source.value.trim();
    if (source !== '') query.set('source', source);
    try {
      const page = await api.ask<WireDocumentPage>(`v1/collections/${encodeURIComponent(collection)}/documents?${query}`);
      if (turn !== this.#turn) return;
      const shown = this.#shown;
      if (fresh) this.#shown = new Map();
      const items = page.documents.map((document) => {
        const key = JSON.stringify(document);
        const item = shown.get(key) ?? this.#item(document);
        this.#shown.set(key, item);
        return item;
      });
      if (fresh) this.#renew(items);
      else this.#items.append(...items);
      this.#next = page.next;
      this.#more.hidden = page.next === undefined;
      const none = this.#items.children.length === 0;
      this.#message.replaceChildren(
        ...(none ? [make('p', { class: 'soft', say: source === '' ? 'documents.none' : 'documents.noneSo' })] : []),
      );
      if (!fresh) items[0]?.querySelector('button')?.focus();
    } catch (error) {
      if (turn === this.#turn) this.#message.replaceChildren(makeFailure(error));
    }
  }

  /** These items in place of those that are there; the focus stays with what it was on. */
  #renew(items: readonly HTMLElement[]): void {
    const name = (button: Element | null) => button?.getAttribute('aria-label') ?? button?.textContent;
    const focused = this.#items.contains(document.activeElement) ? name(document.activeElement) : undefined;
    this.#items.replaceChildren(...items);
    if (focused !== undefined) [...this.#items.querySelectorAll('button')].find((button) => name(button) === focused)?.focus();
  }

  #item(document: WireDocument): HTMLElement {
    const { id, source, title, units, labels = [] } = document;
    const { collection, open } = this.#parts;
    const name = makeButton({ class: 'link title', text: title?.trim() || source });
    name.addEventListener('click', () =>
      open({ collection, document: id, metadata: { source, ...(title !== undefined && { title }) } }),
    );
    const replace = makeButton({ class: 'quiet', say: 'documents.replace' });
    replace.addEventListener('click', () => {
      this.#replaced = source;
      const ending = /\.[A-Za-z0-9]+$/.exec(source)?.[0];
      // What is read as one kind of file is replaced by the same kind.
      if (ending === undefined) this.#picker.removeAttribute('accept');
      else this.#picker.accept = ending;
      this.#picker.click();
    });
    const remove = makeButton({ class: 'quiet danger-text', say: 'documents.delete' });
    const item = make(
      'li',
      {},
      make(
        'div',
        {},
        name,
        make(
          'p',
          { class: 'place' },
          make('span', { class: 'path', text: source }),
          make('span', { say: 'documents.units', values: { n: units } }),
          ...labels.map((label) => make('span', { class: 'tag', text: label })),
        ),
      ),
      make('div', { class: 'actions' }, replace, remove),
    );
    remove.addEventListener('click', () => void this.#delete(document, item));
    sayAttribute(replace, 'aria-label', 'documents.replaceOf', { source });
    sayAttribute(remove, 'aria-label', 'documents.deleteOf', { source });
    return item;
  }

  async #delete({ id, source }: WireDocument, item: HTMLElement): Promise<void> {
    const { api, collection, onChange } = this.#parts;
    const values = { source };
    const sure = await askFirst({
      title: 'documents.deleteTitle',
      text: 'documents.deleteText',
      values,
      confirm: 'documents.delete',
    });
    if (!sure) return;
    try {
      await api.ask(`v1/collections/${encodeURIComponent(collection)}/documents/${encodeURIComponent(id)}`, { method: 'DELETE' });
      const next = (item.nextElementSibling ?? item.previousElementSibling)?.querySelector('button') ?? this.#source;
      item.remove();
      next.focus();
      onChange();
    } catch (error) {
      this.#message.replaceChildren(makeFailure(error));
    }
  }
}
