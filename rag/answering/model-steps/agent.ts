import { messageOf } from '../../../base/index.ts';
import type { AnswerSchema, ChatMessage, ChatModel } from '../../chat/index.ts';
import type { AnswerLanguage } from '../answer/index.ts';
import { stringsOf, writtenObject } from './written-json.ts';

/** How often an agent searches and reads, and when it is content. */
export interface AgentSettings {
  /** Says what is missing. */
  readonly chat: ChatModel;
  /** Rounds of searching and reading, 1 to 3; 3 unless given. */
  readonly iterations?: number | undefined;
  /** It ends with an answer that is surer than this; 0.8 unless given. */
  readonly confidence?: number | undefined;
  /** Further queries of a round; 3 unless given. */
  readonly queries?: number | undefined;
  /** Tokens of all rounds together, as models count them, after which no further round begins; 100,000 unless given. */
  readonly tokens?: number | undefined;
  /** Milliseconds after which no further round begins; 60,000 unless given. */
  readonly time?: number | undefined;
}

const MOST_ITERATIONS = 3;
const CONFIDENCE = 0.8;
const QUERIES = 3;
const TOKENS = 100_000;
const TIME = 60_000;
const MAX_TOKENS = 320;
/** Characters of an answer that are shown when gaps are looked for. */
const SHOWN = 2000;

const SYSTEM: Readonly<Record<AnswerLanguage, string>> = {
  en: 'A question was answered from documents, and the answer may lack something. Say what is missing, and write search queries that would find it: short, each for one thing, with names and identifiers as they are. Write one JSON object and nothing else: {"gaps": ["…"], "queries": ["…"]}. If nothing is missing, both lists are empty.',
  zh: '有人根据文档回答了一个问题，回答可能不完整。请指出还缺什么，并写出能找到它的检索问题：简短，每个只问一件事，名称和标识符保持原样。只输出一个 JSON 对象，不要输出其他内容：{"gaps": ["…"], "queries": ["…"]}。如果什么都不缺，两个列表都为空。',
};

const LIST = { type: 'array', items: { type: 'string' } };
const SCHEMA: AnswerSchema = {
  name: 'gaps',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['gaps', 'queries'],
    properties: { gaps: LIST, queries: LIST },
  },
};

/** The budget and the questions of an agent for one answer. */
export class AgentRun {
  readonly #settings: AgentSettings;
  readonly #start = performance.now();
  readonly #asked: Set<string>;
  #tokens = 0;
  #rounds = 0;

  /** @param question what was searched for already */
  constructor(settings: AgentSettings, question: string) {
    this.#settings = settings;
    this.#asked = new Set([question.trim().toLowerCase()]);
  }

  get rounds(): number {
    return this.#rounds;
  }

  /**
   * What to search for next; nothing where the answer is sure enough, the budget is used up, or the model has no further query.
   *
   * @param tokens that reading took
   */
  async next(
    question: string,
    { answer, confidence, tokens }: { readonly answer: string; readonly confidence: number; readonly tokens: number },
    {
      language,
      signal,
      note,
    }: {
      readonly language: AnswerLanguage;
      readonly signal?: AbortSignal | undefined;
      readonly note?: ((line: string) => void) | undefined;
    },
  ): Promise<readonly string[]> {
    this.#rounds++;
    this.#tokens += tokens;
    const { chat, iterations = MOST_ITERATIONS, confidence: sure = CONFIDENCE, queries: most = QUERIES } = this.#settings;
    const { tokens: budget = TOKENS, time = TIME } = this.#settings;
    const isDone = confidence > sure || this.#rounds >= Math.min(iterations, MOST_ITERATIONS);
    if (isDone || this.#tokens >= budget || performance.now() - this.#start >= time) return [];
    const messages: ChatMessage[] = [
      { role: 'system', content: SYSTEM[language] },
      { role: 'user', content: JSON.stringify({ question, answer: answer.slice(0, SHOWN), confidence }) },
    ];
    try {
      const written = await chat.complete(messages, {
        json: true,
        schema: SCHEMA,
        maxTokens: MAX_TOKENS,
        signal,
        onUsage: ({ promptTokens, completionTokens }) => {
          this.#tokens += promptTokens + completionTokens;
        },
      });
      const queries = stringsOf(writtenObject(written)?.['queries'], most);
      const fresh = queries.filter((query) => !this.#asked.has(query.toLowerCase()));
      for (const query of fresh) this.#asked.add(query.toLowerCase());
      return fresh;
    } catch (error) {
      signal?.throwIfAborted();
      note?.(`what is missing could not be asked: ${messageOf(error)}`);
      return [];
    }
  }
}
