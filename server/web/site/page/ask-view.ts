import type { ApiClient } from './api-client.ts';
import type { CollectionChoice } from './collection-choice.ts';
import type { Opening } from './document-sheet.ts';
import { figuresOf } from './figure-view.ts';
import { make, makeButton } from './make.ts';
import { QuestionBox } from './question-box.ts';
import type { View } from './router.ts';
import type { Settings } from './settings.ts';
import type { StringKey } from './strings.ts';
import { Turn } from './turn.ts';
import { say, type Values } from './wording.ts';

// Code of the page: see site-script.ts.

/** Turns of the conversation that go with a question. */
export const TURNS_SENT = 10;

/** What the views share. */
export interface ViewParts {
  readonly api: ApiClient;
  readonly settings: Settings;
  readonly choice: CollectionChoice;
  readonly open: (opening: Opening) => void;
  /** Says a sentence to who does not see the page. */
  readonly announce: (key: StringKey, values?: Values) => void;
}

/** Questions and answers, one conversation at a time. */
export class AskView implements View {
  readonly element: HTMLElement;
  readonly title = 'ask.title';
  readonly heading: HTMLElement;
  readonly #parts: ViewParts;
  readonly #box: QuestionBox;
  readonly #turns: Turn[] = [];
  readonly #conversation = make('div', { class: 'conversation' });
  readonly #intro: HTMLElement;
  readonly #lead = make('p', { class: 'lead' });
  readonly #again: HTMLButtonElement;
  #running: AbortController | undefined;

  constructor(parts: ViewParts) {
    this.#parts = parts;
    this.heading = make('h1', { say: 'ask.heading', attributes: { tabindex: '-1' } });
    this.#intro = make('header', { class: 'intro' }, this.heading, this.#lead);
    this.#again = makeButton({ class: 'quiet again', say: 'ask.again', onClick: () => this.#begin() });
    this.#again.hidden = true;
    this.#box = new QuestionBox(
      (question) => void this.#ask(question),
      () => this.#running?.abort(),
      parts.choice.makeSelect('ask-collection'),
      this.#again,
    );
    this.element = make(
      'section',
      { class: 'view ask empty', attributes: { 'aria-labelledby': 'ask-heading' } },
      this.#intro,
      this.#conversation,
      make('div', { class: 'dock' }, this.#box.element),
    );
    this.heading.id = 'ask-heading';
    parts.choice.onChange(() => this.#draw());
    this.#draw();
  }

  show(): void {
    this.#draw();
  }

  async #ask(question: string): Promise<void> {
    const { api, settings, choice, open, announce } = this.#parts;
    const running = new AbortController();
    this.#running = running;
    this.#box.busy = true;
    // What is refused is told by the view of the collections.
    const collection = await choice.known().catch(() => undefined);
    if (this.#running !== running) return;
    if (collection === undefined || running.signal.aborted) {
      this.#running = undefined;
      this.#box.busy = false;
      this.#box.text = question;
      if (!running.signal.aborted) location.hash = '#/collections';
      return;
    }
    const history = this.#turns.slice(-TURNS_SENT).flatMap(({ question: asked, answer }) =>
      answer === undefined
        ? []
        : [
            { role: 'user', content: asked },
            { role: 'assistant', content: answer.answer },
          ],
    );
    const turn = new Turn(collection, question, open, figuresOf(api, collection));
    this.#turns.push(turn);
    this.#conversation.append(turn.element);
    this.element.classList.remove('empty');
    turn.element.scrollIntoView({ block: 'start' });
    const body = { collection, question, k: settings.results, stream: true, ...(history.length > 0 && { history }) };
    await turn.follow(api.events('v1/answers', { method: 'POST', body, signal: running.signal }));
    // A conversation that was begun meanwhile is not this one.
    if (this.#running !== running) return;
    this.#running = undefined;
    this.#box.busy = false;
    this.#box.following = true;
    this.#again.hidden = false;
    if (turn.answer !== undefined) announce('answer.complete');
  }

  /** A new conversation. */
  #begin(): void {
    this.#running?.abort();
    this.#running = undefined;
    this.#turns.length = 0;
    this.#conversation.replaceChildren();
    this.element.classList.add('empty');
    this.#again.hidden = true;
    this.#box.busy = false;
    this.#box.following = false;
    this.#box.focus();
  }

  #draw(): void {
    const { list, chosen } = this.#parts.choice;
    if (list === undefined) say(this.#lead, 'ask.lead');
    else if (chosen === undefined) say(this.#lead, 'ask.noCollection');
    else {
      const { documents } = list.find(({ name }) => name === chosen) ?? {};
      if (documents === undefined) say(this.#lead, 'ask.leadOf', { collection: chosen });
      else say(this.#lead, 'ask.leadOfCounted', { collection: chosen, n: documents });
    }
  }
}
