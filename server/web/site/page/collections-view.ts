import type { ViewParts } from './ask-view.ts';
import { CollectionPage } from './collection-page.ts';
import { makeFailure } from './failure-notice.ts';
import { makeIcon } from './icons.ts';
import { make, makeButton, makeField } from './make.ts';
import type { View } from './router.ts';
import { openDialog } from './small-dialog.ts';
import type { WireCollection } from './wire.ts';
import { formatBytes, say } from './wording.ts';

// Code of the page: see site-script.ts.

/** All collections, or one of them. */
export class CollectionsView implements View {
  readonly element = make('section', { class: 'view collections', attributes: { 'aria-labelledby': 'collections-heading' } });
  readonly title = 'collections.title';
  readonly #parts: ViewParts;
  readonly #listHeading = make('h1', { say: 'collections.title', attributes: { tabindex: '-1', id: 'collections-heading' } });
  readonly #list = make('ul', { class: 'collection-list', label: 'collections.title' });
  readonly #message = make('div');
  readonly #all: HTMLElement;
  #page: CollectionPage | undefined;

  constructor(parts: ViewParts) {
    this.#parts = parts;
    const create = makeButton({ class: 'primary' }, makeIcon('plus'), make('span', { say: 'collections.createTitle' }));
    create.addEventListener('click', () => this.#create());
    this.#all = make('div', {}, make('div', { class: 'section-head' }, this.#listHeading, create), this.#message, this.#list);
    parts.choice.onChange(() => this.#draw());
  }

  get heading(): HTMLElement {
    return this.#page?.heading ?? this.#listHeading;
  }

  /** @param name of the collection that is shown; all of them without one */
  show(name?: string): void {
    this.#page?.close();
    this.#page = name === undefined ? undefined : new CollectionPage(this.#parts, name);
    this.element.setAttribute('aria-labelledby', this.#page === undefined ? 'collections-heading' : 'collection-heading');
    this.element.replaceChildren(this.#page?.element ?? this.#all);
    if (this.#page !== undefined) void this.#page.refresh();
    else void this.#refresh();
  }

  async #refresh(): Promise<void> {
    try {
      await this.#parts.choice.refresh();
      this.#message.replaceChildren();
      this.#draw();
    } catch (error) {
      this.#message.replaceChildren(makeFailure(error));
    }
  }

  #draw(): void {
    const { list } = this.#parts.choice;
    if (list === undefined) return;
    this.#list.hidden = list.length === 0;
    this.#list.replaceChildren(...list.map(makeCollection));
    this.#message.replaceChildren(...(list.length === 0 ? [make('p', { class: 'nothing', say: 'collections.none' })] : []));
  }

  #create(): void {
    const name = make('input', {
      attributes: {
        type: 'text',
        id: 'new-name',
        required: '',
        maxlength: '64',
        pattern: '[a-z0-9][a-z0-9._\\-]*',
        autocomplete: 'off',
        autocapitalize: 'off',
        spellcheck: 'false',
      },
    });
    const failure = make('div');
    const submit = make('button', { class: 'primary', say: 'collections.create', attributes: { type: 'submit' } });
    const cancel = makeButton({ say: 'dialog.cancel' });
    const form = make(
      'form',
      {},
      make('h2', { say: 'collections.createTitle', attributes: { id: 'dialog-title' } }),
      makeField('collections.name', name, 'collections.nameHint'),
      failure,
      make('div', { class: 'actions' }, cancel, submit),
    );
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      // What is typed while it is made does not rename it.
      const wanted = name.value;
      name.readOnly = true;
      submit.disabled = true;
      say(submit, 'collections.creating');
      try {
        await this.#parts.api.ask('v1/collections', { method: 'POST', body: { name: wanted } });
        await this.#parts.choice.refresh();
        // Who left meanwhile stays where they are.
        if (!dialog.open) return;
        dialog.close();
        location.hash = `#/collections/${encodeURIComponent(wanted)}`;
      } catch (error) {
        failure.replaceChildren(makeFailure(error));
      }
      name.readOnly = false;
      submit.disabled = false;
      say(submit, 'collections.create');
    });
    const dialog = openDialog('small', 'dialog-title', form);
    cancel.addEventListener('click', () => dialog.close());
    name.focus();
  }
}

export function makeCollection({ name, documents, units, bytes, retrievers, problem }: WireCollection): HTMLElement {
  const facts =
    problem !== undefined
      ? [make('span', { class: 'problem', text: problem.message })]
      : [
          documents === undefined ? undefined : make('span', { say: 'collections.documents', values: { n: documents } }),
          units === undefined ? undefined : make('span', { say: 'collections.units', values: { n: units } }),
          bytes === undefined ? undefined : make('span', { text: formatBytes(bytes) }),
          retrievers === 'hybrid' ? make('span', { say: 'collections.hybrid' }) : undefined,
        ];
  return make(
    'li',
    {},
    make(
      'a',
      { attributes: { href: `#/collections/${encodeURIComponent(name)}` } },
      make('span', { class: 'name', text: name }),
      make('span', { class: 'facts' }, ...facts),
      makeIcon('open'),
    ),
  );
}
