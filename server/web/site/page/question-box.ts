import { makeIcon } from './icons.ts';
import { make } from './make.ts';
import { sayAttribute } from './wording.ts';

// Code of the page: see site-script.ts.

/** Where a question is written and sent. While an answer comes, the button that sends stops it. */
export class QuestionBox {
  readonly element: HTMLFormElement;
  readonly #text = make('textarea', {
    label: 'ask.question',
    placeholder: 'ask.placeholder',
    attributes: { id: 'question', rows: '1', maxlength: '10000', enterkeyhint: 'send' },
  });
  readonly #button = make('button', { class: 'send', label: 'ask.send', attributes: { type: 'submit' } }, makeIcon('send'));
  #busy = false;

  /** @param controls what stands beside the button */
  constructor(onAsk: (question: string) => void, onStop: () => void, ...controls: readonly HTMLElement[]) {
    const hint = make('span', { class: 'hint keys', say: 'ask.keys' });
    const row = make('div', { class: 'row' }, ...controls, hint, this.#button);
    this.element = make('form', { class: 'question-box' }, this.#text, row);
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      const question = this.#text.value.trim();
      if (this.#busy) {
        onStop();
      } else if (question !== '') {
        this.#text.value = '';
        onAsk(question);
      }
    });
    this.#text.addEventListener('keydown', (event) => {
      // Enter that chooses a character of Chinese sends nothing.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || this.#busy) return;
      event.preventDefault();
      this.element.requestSubmit();
    });
  }

  set busy(busy: boolean) {
    this.#busy = busy;
    this.#button.replaceChildren(makeIcon(busy ? 'stop' : 'send'));
    this.#button.classList.toggle('stops', busy);
    sayAttribute(this.#button, 'aria-label', busy ? 'ask.stop' : 'ask.send');
  }

  /** Whether a question follows one that was asked before. */
  set following(following: boolean) {
    sayAttribute(this.#text, 'placeholder', following ? 'ask.followUp' : 'ask.placeholder');
  }

  set text(text: string) {
    this.#text.value = text;
  }

  focus(): void {
    this.#text.focus();
  }
}
