import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readTextIfThere, writeFileAtomically } from '../../base/index.ts';
import { type ChatMessage, type ChatModel, type ChatOptions, type ChatTokens, streamChat } from './chat-model.ts';

/** Answers that are kept in memory, at most. */
const REMEMBERED = 1000;

const entrySchema = z.strictObject({ model: z.string(), answer: z.string().min(1) });

/** A chat model that is asked once for the same messages with the same settings. Answers are kept in memory, and in a folder where one is named. */
export class CachedChatModel implements ChatModel {
  readonly #model: ChatModel;
  readonly #folder: string | undefined;
  readonly #answers = new Map<string, string>();

  /** @param folder of answers, a file each; it is made when there is none */
  constructor(model: ChatModel, folder?: string) {
    this.#model = model;
    this.#folder = folder;
  }

  get name(): string {
    return this.#model.name;
  }

  get tokens(): ChatTokens | undefined {
    return this.#model.tokens;
  }

  async complete(messages: readonly ChatMessage[], options: ChatOptions = {}): Promise<string> {
    options.signal?.throwIfAborted();
    const key = this.#keyOf(messages, options);
    const known = await this.#known(key);
    if (known !== undefined) return known;
    const answer = await this.#model.complete(messages, options);
    await this.#keep(key, answer);
    return answer;
  }

  /** A known answer comes in one piece. One that is cut off is not kept. */
  async *stream(messages: readonly ChatMessage[], options: ChatOptions = {}): AsyncGenerator<string> {
    options.signal?.throwIfAborted();
    const key = this.#keyOf(messages, options);
    const known = await this.#known(key);
    if (known !== undefined) {
      yield known;
      return;
    }
    let answer = '';
    for await (const piece of streamChat(this.#model, messages, options)) {
      answer += piece;
      yield piece;
    }
    await this.#keep(key, answer);
  }

  async #known(key: string): Promise<string | undefined> {
    const known = this.#answers.get(key) ?? (await this.#read(key));
    if (known !== undefined) this.#remember(key, known);
    return known;
  }

  async #keep(key: string, answer: string): Promise<void> {
    this.#remember(key, answer);
    if (this.#folder === undefined) return;
    await mkdir(this.#folder, { recursive: true });
    await writeFileAtomically(this.#path(key), Buffer.from(`${JSON.stringify({ model: this.name, answer })}\n`));
  }

  #keyOf(messages: readonly ChatMessage[], { temperature = 0, maxTokens, json = false, schema }: ChatOptions): string {
    const turns = messages.map(({ role, content }) => [role, content]);
    return createHash('sha256')
      .update(JSON.stringify([this.name, turns, temperature, maxTokens ?? null, json, ...(schema ? [schema] : [])]))
      .digest('hex');
  }

  #path(key: string): string {
    return join(this.#folder!, `${key}.json`);
  }

  /** A file that is no answer is one that was never written: the model is asked again. */
  async #read(key: string): Promise<string | undefined> {
    if (this.#folder === undefined) return undefined;
    const text = await readTextIfThere(this.#path(key));
    if (text === undefined) return undefined;
    try {
      return entrySchema.parse(JSON.parse(text)).answer;
    } catch {
      return undefined;
    }
  }

  /** The longest unused one goes first. */
  #remember(key: string, answer: string): void {
    this.#answers.delete(key);
    this.#answers.set(key, answer);
    if (this.#answers.size > REMEMBERED) this.#answers.delete(this.#answers.keys().next().value!);
  }
}
