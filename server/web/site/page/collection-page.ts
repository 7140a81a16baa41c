import type { ViewParts } from './ask-view.ts';
import { ChangeLog } from './change-log.ts';
import { DocumentList } from './document-list.ts';
import { makeFailure } from './failure-notice.ts';
import { make, makeButton } from './make.ts';
import { askFirst } from './small-dialog.ts';
import type { StringKey } from './strings.ts';
import { UploadPanel } from './upload-panel.ts';
import type { WireCollection } from './wire.ts';
import { formatBytes, formatNumber } from './wording.ts';

// Code of the page: see site-script.ts.

/** One collection: its figures, what is sent to it, its documents, its changes. */
export class CollectionPage {
  readonly element: HTMLElement;
  readonly heading: HTMLElement;
  readonly #parts: ViewParts;
  readonly #name: string;
  readonly #figures = make('dl', { class: 'figures' });
  readonly #failure = make('div');
  readonly #documents: DocumentList;
  readonly #changes: ChangeLog;
  readonly #uploads: UploadPanel;

  constructor(parts: ViewParts, name: string) {
    const { api, open } = parts;
    this.#parts = parts;
    this.#name = name;
    this.heading = make('h1', { text: name, attributes: { tabindex: '-1', id: 'collection-heading' } });
    const onChange = () => void this.refresh();
    this.#uploads = new UploadPanel(api, name, onChange);
    this.#documents = new DocumentList({
      api,
      collection: name,
      open,
      onChange,
      replace: (source, file) => {
        this.#uploads.replace(source, file);
        this.#uploads.element.scrollIntoView({ block: 'center' });
      },
    });
    this.#changes = new ChangeLog(api, name);
    const ask = make('a', { class: 'button primary', say: 'collections.ask', attributes: { href: '#/ask' } });
    ask.addEventListener('click', () => parts.choice.choose(name));
    const remove = makeButton({ class: 'danger-text quiet', say: 'collections.delete', onClick: () => void this.#delete() });
    this.element = make(
      'div',
      { class: 'collection' },
      make('p', {}, make('a', { class: 'back', say: 'collections.back', attributes: { href: '#/collections' } })),
      make('div', { class: 'section-head' }, this.heading, make('div', { class: 'actions' }, ask, remove)),
      this.#failure,
      this.#figures,
      this.#uploads.element,
      this.#documents.element,
      this.#changes.element,
    );
  }

  /** Shows what is there now. */
  async refresh(): Promise<void> {
    const { api, choice } = this.#parts;
    try {
      this.#draw(await api.ask<WireCollection>(`v1/collections/${encodeURIComponent(this.#name)}`));
      this.#failure.replaceChildren();
      await Promise.all([this.#documents.refresh(), this.#changes.refresh(), choice.refresh()]);
    } catch (error) {
      this.#failure.replaceChildren(makeFailure(error));
    }
  }

  close(): void {
    this.#uploads.close();
  }

  #draw({ documents, units, passages, bytes }: WireCollection): void {
    const figures: readonly (readonly [StringKey, string | undefined])[] = [
      ['figures.documents', documents === undefined ? undefined : formatNumber(documents)],
      ['figures.units', units === undefined ? undefined : formatNumber(units)],
      ['figures.passages', passages === undefined ? undefined : formatNumber(passages)],
      ['figures.bytes', bytes === undefined ? undefined : formatBytes(bytes)],
    ];
    this.#figures.replaceChildren(
      ...figures.flatMap(([key, text]) =>
        text === undefined ? [] : [make('div', {}, make('dt', { say: key }), make('dd', { text }))],
      ),
    );
  }

  async #delete(): Promise<void> {
    const { api, choice, announce } = this.#parts;
    const values = { name: this.#name };
    const typed = this.#name;
    if (
      !(await askFirst({
        title: 'collections.deleteTitle',
        text: 'collections.deleteText',
        values,
        confirm: 'collections.delete',
        typed,
      }))
    )
      return;
    try {
      await api.ask(`v1/collections/${encodeURIComponent(this.#name)}`, { method: 'DELETE' });
      await choice.refresh();
      announce('collections.deleted', values);
      location.hash = '#/collections';
    } catch (error) {
      this.#failure.replaceChildren(makeFailure(error));
    }
  }
}
