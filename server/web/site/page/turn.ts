import { makeAnswerMeta } from './answer-meta.ts';
import { AnswerText } from './answer-text.ts';
import { ApiError, errorOfBody } from './api-error.ts';
import { makeCitationList, makeNearest } from './citation-list.ts';
import type { Opening } from './document-sheet.ts';
import type { StreamEvent } from './event-stream.ts';
import { makeFailure } from './failure-notice.ts';
import type { ShowFigure } from './figure-view.ts';
import { make } from './make.ts';
import { STRINGS } from './strings.ts';
import type { WireAnswer, WireCitation, WireResult } from './wire.ts';
import { say } from './wording.ts';

// Code of the page: see site-script.ts.

/** One question and its answer, drawn while it comes. */
export class Turn {
  readonly element: HTMLElement;
  readonly question: string;
  readonly #collection: string;
  readonly #open: (opening: Opening) => void;
  readonly #figures: ShowFigure;
  readonly #text: AnswerText;
  readonly #state = make('p', { class: 'state', say: 'answer.searching', attributes: { role: 'status' } });
  readonly #body = make('div', { class: 'answer' });
  readonly #citations = new Map<number, WireCitation>();
  /** Once it is there. */
  answer: WireAnswer | undefined;

  constructor(collection: string, question: string, open: (opening: Opening) => void, figures: ShowFigure) {
    this.#collection = collection;
    this.question = question;
    this.#open = open;
    this.#figures = figures;
    this.#text = new AnswerText((number) => this.#openCitation(this.#citations.get(number)));
    this.#body.append(this.#state, this.#text.element);
    this.element = make('article', { class: 'turn' }, make('h2', { class: 'question', text: question }), this.#body);
  }

  /** Draws the events of one answer, to its end. */
  async follow(events: AsyncIterable<StreamEvent>): Promise<void> {
    try {
      for await (const { event, data } of events) this.#take(event, data);
      if (this.answer === undefined) throw new ApiError(0, 'BROKEN_OFF', '');
    } catch (error) {
      this.#state.remove();
      if (error instanceof DOMException) this.#body.append(make('p', { class: 'state', say: 'answer.stopped' }));
      else this.#body.append(makeFailure(error));
    }
  }

  #take(event: string, data: unknown): void {
    if (event === 'sources') {
      const sources = (data as { sources?: readonly WireResult[] }).sources ?? (data as readonly WireResult[]);
      say(this.#state, 'answer.reading', { n: sources.length });
    } else if (event === 'delta') {
      this.#state.hidden = true;
      this.#text.append((data as { text: string }).text);
    } else if (event === 'citation') {
      const citation = data as WireCitation;
      this.#citations.set(citation.number, citation);
    } else if (event === 'done') {
      this.#finish(data as WireAnswer);
    } else if (event === 'error') {
      throw errorOfBody(500, data);
    }
  }

  #finish(answer: WireAnswer): void {
    this.answer = answer;
    this.#state.remove();
    const { citations, sources = [], question } = answer;
    this.#citations.clear();
    for (const citation of citations) this.#citations.set(citation.number, citation);
    if (question !== undefined && question.trim() !== this.question.trim())
      this.#body.prepend(make('p', { class: 'soft', say: 'answer.rewritten', values: { question } }));
    if (answer.answered) {
      const short = answer.short_answer?.text.trim() ?? '';
      if (short !== '' && short !== answer.answer.trim()) this.#text.element.before(make('p', { class: 'short', text: short }));
      this.#text.finish(answer.answer, new Set(this.#citations.keys()));
    } else {
      this.#text.finish('', new Set());
      const said = answer.answer.trim();
      // What it says beyond that.
      const more = STRINGS['answer.none'].some((text) => text === said) ? undefined : make('p', { text: said });
      this.#body.append(make('div', { class: 'unanswered' }, make('p', { class: 'plainly', say: 'answer.none' }), more));
    }
    if (citations.length > 0)
      this.#body.append(makeCitationList(citations, (citation) => this.#openCitation(citation), this.#figures));
    else if (sources.length > 0) this.#body.append(makeNearest(sources, (source) => this.#openSource(source)));
    this.#body.append(makeAnswerMeta(answer));
  }

  #openCitation(citation: WireCitation | undefined): void {
    if (citation === undefined) return;
    const { document: unit, text: quote, span } = citation;
    this.#open({ collection: this.#collection, unit, quote, ...(span && { span }), metadata: citation });
  }

  #openSource({ id: unit, text: quote, metadata = {} }: WireResult): void {
    this.#open({ collection: this.#collection, unit, quote, metadata });
  }
}
