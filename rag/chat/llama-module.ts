import { CemError, messageOf } from '../../base/index.ts';
import type { AnswerSchema } from './chat-model.ts';

/** What is used of node-llama-cpp 3, which an installation may lack: types of our own, so that nothing here needs the package. */
export interface LlamaModule {
  getLlama(options: { readonly logLevel: 'error'; readonly build: 'never' }): Promise<Llama>;
  readonly LlamaChatSession: new (options: {
    readonly contextSequence: LlamaSequence;
    readonly autoDisposeSequence?: boolean;
  }) => LlamaSession;
}

export interface Llama {
  loadModel(options: { readonly modelPath: string }): Promise<LlamaModel>;
  createGrammarForJsonSchema(schema: AnswerSchema['schema']): Promise<LlamaGrammar>;
  dispose(): Promise<void>;
}

/** Opaque. */
interface LlamaGrammar {
  readonly rootRuleName?: string;
}

export interface LlamaModel {
  /** Tokens that it was trained with. */
  readonly trainContextSize: number;
  tokenize(text: string): readonly number[];
  createContext(options: { readonly contextSize: number; readonly threads?: number }): Promise<LlamaContext>;
}

interface LlamaContext {
  readonly contextSize: number;
  getSequence(): LlamaSequence;
}

export interface LlamaSequence {
  readonly tokenMeter: { getState(): { readonly usedInputTokens: number; readonly usedOutputTokens: number } };
}

type LlamaTurn =
  | { readonly type: 'system' | 'user'; readonly text: string }
  | { readonly type: 'model'; readonly response: readonly string[] };

interface LlamaSession {
  setChatHistory(history: readonly LlamaTurn[]): void;
  prompt(
    text: string,
    options: {
      readonly temperature: number;
      readonly maxTokens?: number;
      readonly grammar?: LlamaGrammar;
      readonly signal?: AbortSignal;
      readonly onTextChunk: (piece: string) => void;
    },
  ): Promise<string>;
}

/** Not a literal, so that neither the compiler nor a bundler looks for it. */
const PACKAGE: string = 'node-llama-cpp';

/** @throws CemError `CHAT_MODEL_PACKAGE` saying how to install it */
export async function loadLlama(load: () => Promise<unknown> = () => import(PACKAGE)): Promise<LlamaModule> {
  try {
    return (await load()) as LlamaModule;
  } catch (cause) {
    throw new CemError(
      'CHAT_MODEL_PACKAGE',
      `a local model needs the optional package node-llama-cpp, which cannot be loaded (${messageOf(cause)}); run \`npm install node-llama-cpp@3\`, or name an endpoint in place of a file`,
      { details: { package: PACKAGE }, cause },
    );
  }
}
