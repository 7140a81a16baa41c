import type { ModelSettings } from './model-settings.ts';

interface Preset extends ModelSettings {
  readonly name: string;
  /** The last part of the model's id or path. */
  readonly matches: RegExp;
  /** Repositories of the hub that hold models of this kind as transformers.js loads them (`onnx/model*.onnx`). */
  readonly repositories: readonly string[];
}

const NO_PROMPTS = { queryPrompt: '', documentPrompt: '' } as const;

/** Settings as the models' own cards and sentence-transformers files state them. */
const PRESETS: readonly Preset[] = [
  {
    name: 'qwen3-embedding',
    matches: /^qwen3-embedding/i,
    repositories: ['onnx-community/Qwen3-Embedding-0.6B-ONNX'],
    pooling: 'last',
    padding: 'left',
    // The card's retrieval task; no space after "Query:".
    queryPrompt: 'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:',
    documentPrompt: '',
    maximumTokens: 32768,
  },
  {
    name: 'e5',
    matches: /^(multilingual-)?e5-(small|base|large)(-v2)?(-onnx)?$/i,
    repositories: [
      'Xenova/e5-small-v2',
      'Xenova/e5-base-v2',
      'Xenova/e5-large-v2',
      'Xenova/multilingual-e5-small',
      'Xenova/multilingual-e5-base',
      'Xenova/multilingual-e5-large',
    ],
    pooling: 'mean',
    padding: 'right',
    queryPrompt: 'query: ',
    documentPrompt: 'passage: ',
    maximumTokens: 512,
  },
  {
    name: 'bge-en',
    matches: /^bge-(small|base|large)-en(-v1\.5)?(-onnx)?$/i,
    repositories: ['Xenova/bge-small-en-v1.5', 'Xenova/bge-base-en-v1.5', 'Xenova/bge-large-en-v1.5'],
    pooling: 'cls',
    padding: 'right',
    queryPrompt: 'Represent this sentence for searching relevant passages: ',
    documentPrompt: '',
    maximumTokens: 512,
  },
  {
    name: 'bge-zh',
    matches: /^bge-(small|base|large)-zh(-v1\.5)?(-onnx|-q)?$/i,
    repositories: ['Xenova/bge-small-zh-v1.5', 'Xenova/bge-base-zh-v1.5'],
    pooling: 'cls',
    padding: 'right',
    queryPrompt: '为这个句子生成表示以用于检索相关文章：',
    documentPrompt: '',
    maximumTokens: 512,
  },
  {
    name: 'bge-m3',
    matches: /^bge-m3(-onnx)?$/i,
    repositories: ['Xenova/bge-m3'],
    pooling: 'cls',
    padding: 'right',
    ...NO_PROMPTS,
    maximumTokens: 8192,
  },
  {
    name: 'minilm-l6',
    matches: /^all-minilm-l6-v2(-onnx)?$/i,
    repositories: ['Xenova/all-MiniLM-L6-v2'],
    pooling: 'mean',
    padding: 'right',
    ...NO_PROMPTS,
    maximumTokens: 256,
  },
  {
    name: 'minilm-l12',
    matches: /^all-minilm-l12-v2(-onnx)?$/i,
    repositories: ['Xenova/all-MiniLM-L12-v2'],
    pooling: 'mean',
    padding: 'right',
    ...NO_PROMPTS,
    maximumTokens: 128,
  },
];

/** Last part of a hub id or path, in either separator. */
export function modelName(model: string): string {
  return model.replace(/[\\/]+$/, '').replace(/^.*[\\/]/, '');
}

/**
 * The hub's name of a model: a name with an owner as it is; for a bare name that a preset knows, the repository that has the model for transformers.js; another bare name as it is, since a few
 * models of the hub have no owner. Undefined for what can only be a path.
 */
export function hubName(model: string): string | undefined {
  if (!/^[a-z\d][\w.-]*(\/[a-z\d][\w.-]*)?$/i.test(model)) return undefined;
  if (model.includes('/')) return model;
  const bare = (name: string) =>
    modelName(name)
      .toLowerCase()
      .replace(/-onnx$/, '');
  return PRESETS.flatMap(({ repositories }) => repositories).find((repository) => bare(repository) === bare(model)) ?? model;
}

/** Settings that are known by the last part of a model's id or path. */
export function presetOf(model: string): ModelSettings | undefined {
  return PRESETS.find(({ matches }) => matches.test(modelName(model)));
}

export const PRESET_NAMES: readonly string[] = PRESETS.map(({ name }) => name);
