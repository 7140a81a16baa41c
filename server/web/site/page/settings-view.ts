import type { ViewParts } from './ask-view.ts';
import { applyLook } from './look.ts';
import { make, makeButton, makeChoice, makeField } from './make.ts';
import type { View } from './router.ts';
import type { Language, Theme } from './settings.ts';
import { say } from './wording.ts';

// Code of the page: see site-script.ts.

/** The key, how the page looks, how much it shows. */
export class SettingsView implements View {
  readonly element: HTMLElement;
  readonly title = 'settings.title';
  readonly heading = make('h1', { say: 'settings.title', attributes: { tabindex: '-1', id: 'settings-heading' } });
  readonly #parts: ViewParts;
  readonly #key = make('input', {
    attributes: { type: 'password', id: 'key', autocomplete: 'off', spellcheck: 'false', maxlength: '1000' },
  });
  readonly #remember = make('input', { attributes: { type: 'checkbox', id: 'remember' } });
  readonly #state = make('p', { class: 'soft', attributes: { role: 'status' } });
  readonly #locked = make('p', { class: 'failure', say: 'settings.locked', attributes: { role: 'alert' } });
  readonly #looks = make('div', { class: 'looks-form' });
  /** Where to go once the key is there. */
  #back: string | undefined;

  constructor(parts: ViewParts) {
    this.#parts = parts;
    this.#locked.hidden = true;
    const results = make('input', { attributes: { type: 'number', id: 'results', min: '1', max: '50', inputmode: 'numeric' } });
    results.value = String(parts.settings.results);
    results.addEventListener('change', () => {
      if (results.checkValidity() && results.value !== '') parts.settings.results = Number(results.value);
      results.value = String(parts.settings.results);
    });
    this.element = make(
      'section',
      { class: 'view settings', attributes: { 'aria-labelledby': 'settings-heading' } },
      this.heading,
      this.#locked,
      this.#makeAccess(),
      make('section', { class: 'group' }, make('h2', { say: 'settings.look' }), this.#looks),
      make(
        'section',
        { class: 'group' },
        make('h2', { say: 'settings.answers' }),
        makeField('settings.results', results, 'settings.resultsHint'),
      ),
    );
    document.addEventListener('look', () => this.#drawLooks());
    this.#drawLooks();
  }

  show(): void {
    const { settings } = this.#parts;
    this.#key.value = settings.key;
    this.#remember.checked = settings.remembered;
    this.#drawState();
  }

  /** The server wants a key: says so, and goes back once there is one. */
  demandKey(from: string): void {
    this.#back = from.startsWith('#/settings') ? this.#back : from;
    this.#locked.hidden = false;
    if (from.startsWith('#/settings')) this.#key.focus();
    else location.hash = '#/settings';
  }

  /** What has the focus when the view is shown. */
  get first(): HTMLElement | undefined {
    return this.#locked.hidden ? undefined : this.#key;
  }

  #makeAccess(): HTMLElement {
    const show = makeButton({ say: 'settings.show', attributes: { 'aria-pressed': 'false' } });
    show.addEventListener('click', () => {
      const shown = this.#key.type === 'password';
      this.#key.type = shown ? 'text' : 'password';
      show.setAttribute('aria-pressed', String(shown));
    });
    const forget = makeButton({ class: 'quiet', say: 'settings.forget' });
    const form = make(
      'form',
      { class: 'group' },
      make('h2', { say: 'settings.access' }),
      makeField('settings.key', this.#key, 'settings.keyHint'),
      make('label', { class: 'check' }, this.#remember, make('span', { say: 'settings.remember' })),
      make(
        'div',
        { class: 'actions' },
        make('button', { class: 'primary', say: 'settings.save', attributes: { type: 'submit' } }),
        show,
        forget,
      ),
      this.#state,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#keep(this.#key.value.trim(), this.#remember.checked);
    });
    forget.addEventListener('click', () => {
      this.#key.value = '';
      this.#remember.checked = false;
      void this.#keep('', false);
    });
    return form;
  }

  /** Keeps a key, and sees whether the server takes it. */
  async #keep(key: string, remember: boolean): Promise<void> {
    const { settings, choice } = this.#parts;
    // What is no ASCII cannot be sent.
    if (!/^[\x21-\x7e]*$/.test(key)) {
      say(this.#state, 'settings.keyWrong');
      return;
    }
    settings.keepKey(key, remember);
    this.#locked.hidden = true;
    this.#drawState();
    try {
      await choice.refresh();
      if (key !== '') say(this.#state, 'settings.keyTaken');
      if (this.#back !== undefined) location.hash = this.#back;
      this.#back = undefined;
    } catch {
      // A key that is not taken is demanded again.
    }
  }

  #drawState(): void {
    const { key, remembered } = this.#parts.settings;
    say(this.#state, key === '' ? 'settings.noKey' : remembered ? 'settings.keyRemembered' : 'settings.keyKept');
  }

  #drawLooks(): void {
    const { settings } = this.#parts;
    const focused = document.activeElement?.closest('.looks-form') === this.#looks ? document.activeElement : undefined;
    const name = focused?.getAttribute('name');
    const languages = [
      ['browser', 'settings.languageBrowser'],
      ['en', 'settings.english'],
      ['zh', 'settings.chinese'],
    ] as const;
    const themes = [
      ['system', 'settings.themeSystem'],
      ['light', 'settings.themeLight'],
      ['dark', 'settings.themeDark'],
    ] as const;
    this.#looks.replaceChildren(
      makeChoice('language', 'settings.language', languages, settings.language, (value) => {
        settings.language = value as Language;
        applyLook(settings);
        document.dispatchEvent(new Event('look'));
      }),
      makeChoice('theme', 'settings.theme', themes, settings.theme, (value) => {
        settings.theme = value as Theme;
        applyLook(settings);
        document.dispatchEvent(new Event('look'));
      }),
    );
    if (name) this.#looks.querySelector<HTMLElement>(`input[name=${name}]:checked`)?.focus();
  }
}
