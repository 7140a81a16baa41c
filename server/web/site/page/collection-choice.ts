import type { ApiClient } from './api-client.ts';
import { make } from './make.ts';
import type { Settings } from './settings.ts';
import type { WireCollection } from './wire.ts';
import { sayAttribute } from './wording.ts';

// Code of the page: see site-script.ts.

/** The collections of the server, and the one that is asked: one choice for all views. */
export class CollectionChoice {
  readonly #api: ApiClient;
  readonly #settings: Settings;
  readonly #listeners: (() => void)[] = [];
  /** Undefined until they are known. */
  list: readonly WireCollection[] | undefined;
  /** The list that was asked for last. */
  #asked: Promise<void> | undefined;

  constructor(api: ApiClient, settings: Settings) {
    this.#api = api;
    this.#settings = settings;
  }

  /** The one that was chosen last while it is there, else the first. */
  get chosen(): string | undefined {
    const names = (this.list ?? []).map(({ name }) => name);
    const kept = this.#settings.collection;
    return kept !== undefined && names.includes(kept) ? kept : names[0];
  }

  /**
   * The same once they are known: they are waited for, and asked for again where that failed.
   *
   * @throws ApiError when the server does not list them
   */
  async known(): Promise<string | undefined> {
    if (this.list === undefined) await (this.#asked ?? this.refresh());
    return this.chosen;
  }

  choose(name: string): void {
    this.#settings.collection = name;
    this.#tell();
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** @throws ApiError when the server does not list them */
  async refresh(): Promise<void> {
    const asked = this.#read();
    this.#asked = asked;
    try {
      await asked;
    } finally {
      if (this.#asked === asked) this.#asked = undefined;
    }
  }

  /** A control that shows the choice, and changes it. */
  makeSelect(id: string): HTMLSelectElement {
    const select = make('select', { label: 'collections.choose', attributes: { id } });
    sayAttribute(select, 'title', 'collections.choose');
    const draw = () => {
      const names = (this.list ?? []).map(({ name }) => name);
      const shown = [...select.options].map(({ value }) => value);
      if (JSON.stringify(names) !== JSON.stringify(shown))
        select.replaceChildren(...names.map((name) => make('option', { text: name, attributes: { value: name } })));
      select.value = this.chosen ?? '';
      select.hidden = names.length === 0;
    };
    select.addEventListener('change', () => this.choose(select.value));
    this.onChange(draw);
    draw();
    return select;
  }

  async #read(): Promise<void> {
    const { collections } = await this.#api.ask<{ readonly collections: readonly WireCollection[] }>('v1/collections');
    this.list = collections;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
