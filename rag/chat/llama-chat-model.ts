import { basename } from 'node:path';
import { CemError, exists, messageOf, UsageError } from '../../base/index.ts';
import { saidNothing } from './chat-failure.ts';
import type { ChatMessage, ChatModel, ChatOptions, ChatTokens } from './chat-model.ts';
import { type Llama, type LlamaModel, type LlamaModule, type LlamaSequence, loadLlama } from './llama-module.ts';

/** Tokens of prompt and answer, unless the model was trained with fewer. */
const CONTEXT = 8192;

export interface LlamaChatOptions {
  /** A GGUF file. */
  readonly path: string;
  /** Tokens of prompt and answer together; 8,192, or what the model was trained with where that is less, unless given. */
  readonly context?: number | undefined;
  /** Threads that compute; what node-llama-cpp chooses unless given. On a busy machine one is the fastest, since they wait for each other. */
  readonly threads?: number | undefined;
  /** Loads node-llama-cpp. Tests put something else in its place. */
  readonly load?: (() => Promise<unknown>) | undefined;
}

/**
 * A language model in this process: a GGUF file, run by llama.cpp through the optional package node-llama-cpp. One conversation at a time; others wait. What the next prompt has in common with the last one at its beginning
 * is not computed again.
 */
export class LlamaChatModel implements ChatModel {
  readonly name: string;
  readonly tokens: ChatTokens;
  readonly #module: LlamaModule;
  readonly #llama: Llama;
  readonly #sequence: LlamaSequence;
  #busy: Promise<unknown> = Promise.resolve();

  private constructor(
    name: string,
    module: LlamaModule,
    llama: Llama,
    model: LlamaModel,
    context: number,
    sequence: LlamaSequence,
  ) {
    this.name = name;
    this.#module = module;
    this.#llama = llama;
    this.#sequence = sequence;
    this.tokens = { context, count: (text) => model.tokenize(text).length };
  }

  /** @throws UsageError `CHAT_MODEL` where there is no such file; CemError `CHAT_MODEL_PACKAGE` without the package, `CHAT_MODEL` for a file that is no model */
  static async open({ path, context, threads, load }: LlamaChatOptions): Promise<LlamaChatModel> {
    if (!(await exists(path)))
      throw new UsageError('CHAT_MODEL', `there is no model ${path}: name a GGUF file`, { details: { path } });
    const module = await loadLlama(load);
    // Of the package's own binaries: nothing is compiled or downloaded here.
    const llama = await module.getLlama({ logLevel: 'error', build: 'never' });
    try {
      const model = await llama.loadModel({ modelPath: path });
      const opened = await model.createContext({
        contextSize: Math.min(context ?? CONTEXT, model.trainContextSize),
        ...(threads !== undefined && { threads }),
      });
      return new LlamaChatModel(`llama:${basename(path)}`, module, llama, model, opened.contextSize, opened.getSequence());
    } catch (cause) {
      await llama.dispose();
      throw new CemError('CHAT_MODEL', `the model ${path} cannot be opened: ${messageOf(cause)}`, { details: { path }, cause });
    }
  }

  async complete(messages: readonly ChatMessage[], options: ChatOptions = {}): Promise<string> {
    let answer = '';
    for await (const piece of this.stream(messages, options)) answer += piece;
    return answer.trim();
  }

  async *stream(messages: readonly ChatMessage[], options: ChatOptions = {}): AsyncGenerator<string> {
    const { signal } = options;
    const stop = new AbortController();
    const pieces: string[] = [];
    let wake = (): void => undefined;
    let finished = false;
    const onTextChunk = (piece: string): void => {
      pieces.push(piece);
      wake();
    };
    const before = this.#busy;
    const work = (async () => {
      await before;
      signal?.throwIfAborted();
      stop.signal.throwIfAborted();
      await this.#prompt(messages, options, onTextChunk, signal ? AbortSignal.any([signal, stop.signal]) : stop.signal);
    })().finally(() => {
      finished = true;
      wake();
    });
    this.#busy = work.catch(() => undefined);
    let written = false;
    try {
      while (!finished || pieces.length > 0) {
        if (pieces.length === 0)
          await new Promise<void>((resolve) => {
            wake = resolve;
            if (finished) resolve();
          });
        for (const piece of pieces.splice(0)) {
          written ||= piece.trim() !== '';
          yield piece;
        }
      }
      await work.catch((error: unknown) => {
        signal?.throwIfAborted();
        throw error instanceof CemError ? error : failed(this.name, error);
      });
    } finally {
      // A reader that leaves early ends the writing.
      stop.abort();
    }
    if (!written) throw saidNothing(this.name, 'its answer is empty');
  }

  async #prompt(
    messages: readonly ChatMessage[],
    { temperature = 0, maxTokens, json, schema, onUsage }: ChatOptions,
    onTextChunk: (piece: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const session = new this.#module.LlamaChatSession({ contextSequence: this.#sequence, autoDisposeSequence: false });
    session.setChatHistory(
      messages
        .slice(0, -1)
        .map(({ role, content }) =>
          role === 'assistant' ? { type: 'model', response: [content] } : { type: role, text: content },
        ),
    );
    const grammar = json && schema ? await this.#llama.createGrammarForJsonSchema(schema.schema) : undefined;
    const start = this.#sequence.tokenMeter.getState();
    await session.prompt(messages.at(-1)!.content, {
      temperature,
      signal,
      onTextChunk,
      ...(maxTokens !== undefined && { maxTokens }),
      ...(grammar && { grammar }),
    });
    const end = this.#sequence.tokenMeter.getState();
    onUsage?.({
      promptTokens: end.usedInputTokens - start.usedInputTokens,
      completionTokens: end.usedOutputTokens - start.usedOutputTokens,
    });
  }

  /** Frees the model's memory. */
  async dispose(): Promise<void> {
    await this.#busy;
    await this.#llama.dispose();
  }
}

function failed(model: string, cause: unknown): CemError {
  return new CemError('CHAT_MODEL', `the chat model ${model} failed: ${messageOf(cause)}`, { details: { model }, cause });
}
