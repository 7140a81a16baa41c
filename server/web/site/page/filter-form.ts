import { buildFilter, type FilterClause } from './build-filter.ts';
import { makeIcon } from './icons.ts';
import { make, makeButton, makeField } from './make.ts';
import { say } from './wording.ts';

// Code of the page: see site-script.ts.

/** Which passages a search may find, folded away until it is wanted. */
export class FilterForm {
  readonly element: HTMLDetailsElement;
  readonly #source = make('input', {
    attributes: { type: 'text', id: 'filter-source', autocomplete: 'off', spellcheck: 'false' },
  });
  readonly #language: HTMLSelectElement;
  readonly #rows = make('div', { class: 'filter-rows' });
  readonly #summary = make('summary', { say: 'filter.title', values: { n: 0 } });

  constructor(...more: readonly HTMLElement[]) {
    this.#language = make(
      'select',
      { attributes: { id: 'filter-language' } },
      make('option', { say: 'filter.anyLanguage', attributes: { value: '' } }),
      make('option', { say: 'filter.english', attributes: { value: 'en' } }),
      make('option', { say: 'filter.chinese', attributes: { value: 'zh' } }),
    );
    const add = makeButton({ class: 'quiet' }, makeIcon('plus'), make('span', { say: 'filter.add' }));
    add.addEventListener('click', () => this.#addRow());
    this.element = make(
      'details',
      { class: 'filters' },
      this.#summary,
      make(
        'div',
        { class: 'filter-body' },
        make(
          'div',
          { class: 'columns' },
          makeField('filter.source', this.#source, 'filter.sourceHint'),
          makeField('filter.language', this.#language),
        ),
        make(
          'fieldset',
          { class: 'rows' },
          make('legend', { say: 'filter.fields' }),
          make('p', { class: 'hint', say: 'filter.fieldsHint' }),
          this.#rows,
          add,
        ),
        ...more,
      ),
    );
    this.element.addEventListener('input', () => this.#count());
  }

  /** What it says, as the server takes it; undefined where everything may be found. */
  get filter(): FilterClause | undefined {
    return buildFilter({ source: this.#source.value, language: this.#language.value, rows: this.#values() });
  }

  #values(): { key: string; value: string }[] {
    return [...this.#rows.children].map((row) => {
      const [key, value] = row.querySelectorAll('input');
      return { key: key!.value, value: value!.value };
    });
  }

  #addRow(): void {
    const attributes = { type: 'text', autocomplete: 'off', spellcheck: 'false' };
    const key = make('input', { label: 'filter.key', placeholder: 'filter.keyExample', attributes });
    const value = make('input', { label: 'filter.value', placeholder: 'filter.valueExample', attributes });
    const remove = makeButton({ class: 'quiet icon', label: 'filter.remove' }, makeIcon('close'));
    const row = make(
      'div',
      { class: 'filter-row' },
      key,
      make('span', { text: '=', attributes: { 'aria-hidden': 'true' } }),
      value,
      remove,
    );
    remove.addEventListener('click', () => {
      // The focus goes to what stands next to it.
      const next = (row.nextElementSibling ?? row.previousElementSibling)?.querySelector('input') ?? this.#summary;
      row.remove();
      next.focus();
      this.#count();
    });
    this.#rows.append(row);
    key.focus();
  }

  #count(): void {
    const filled = this.#values().filter(({ key, value }) => key.trim() !== '' && value.trim() !== '').length;
    const n = filled + (this.#source.value.trim() === '' ? 0 : 1) + (this.#language.value === '' ? 0 : 1);
    say(this.#summary, n === 0 ? 'filter.title' : 'filter.titleOf', { n });
  }
}
