// Code of the page: see site-script.ts.

export type Theme = 'system' | 'light' | 'dark';
export type Language = 'browser' | 'en' | 'zh';

/** What the reader chose. The key is forgotten with the tab unless it is to be remembered; everything else is kept in this browser. */
export class Settings {
  /** Sent with every request; empty without one. */
  get key(): string {
    return this.#read(sessionStorage, 'key') ?? this.#read(localStorage, 'key') ?? '';
  }

  get remembered(): boolean {
    return this.#read(localStorage, 'key') !== undefined;
  }

  keepKey(key: string, remember: boolean): void {
    this.#write(localStorage, 'key', remember && key !== '' ? key : undefined);
    this.#write(sessionStorage, 'key', key === '' ? undefined : key);
  }

  get theme(): Theme {
    const theme = this.#read(localStorage, 'theme');
    return theme === 'light' || theme === 'dark' ? theme : 'system';
  }

  set theme(theme: Theme) {
    this.#write(localStorage, 'theme', theme === 'system' ? undefined : theme);
  }

  get language(): Language {
    const language = this.#read(localStorage, 'language');
    return language === 'en' || language === 'zh' ? language : 'browser';
  }

  set language(language: Language) {
    this.#write(localStorage, 'language', language === 'browser' ? undefined : language);
  }

  /** Results that a search shows, and passages that an answer is read from: 1 to 50. */
  get results(): number {
    const results = Number(this.#read(localStorage, 'results') ?? 10);
    return Number.isInteger(results) && results >= 1 && results <= 50 ? results : 10;
  }

  set results(results: number) {
    this.#write(localStorage, 'results', String(results));
  }

  /** The collection that was asked last. */
  get collection(): string | undefined {
    return this.#read(localStorage, 'collection');
  }

  set collection(name: string | undefined) {
    this.#write(localStorage, 'collection', name);
  }

  /** Browsers that keep nothing refuse even to look. */
  #read(storage: Storage, name: string): string | undefined {
    try {
      return storage.getItem(`cem-${name}`) ?? undefined;
    } catch {
      return undefined;
    }
  }

  #write(storage: Storage, name: string, value: string | undefined): void {
    try {
      if (value === undefined) storage.removeItem(`cem-${name}`);
      else storage.setItem(`cem-${name}`, value);
    } catch {
      // It holds until the page is left.
    }
  }
}
