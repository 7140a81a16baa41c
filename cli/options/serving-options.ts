import { UsageError } from '../../base/index.ts';
import type { ServeCollectionsOptions } from '../../server/index.ts';
import { answerOptions, namesChat, wanted } from './answer-options.ts';
import type { PresetChat } from './preset-option.ts';

/** Options of `serve` that are of collections alone: who may ask, how much, and what answers. */
export interface CollectionServingOptions {
  readonly keys?: string | undefined;
  readonly cors?: string[] | undefined;
  readonly rateLimit?: number | undefined;
  readonly uploadLimit?: number | undefined;
  readonly reranker?: string | undefined;
  readonly rerankDepth?: number | undefined;
  readonly rerankShare?: number | undefined;
  readonly reader?: 'extractive' | 'chat' | undefined;
  readonly llm?: string | undefined;
  readonly llmModel?: string | undefined;
  readonly localModel?: string | undefined;
  readonly form?: 'json' | 'text' | undefined;
  readonly contextTokens?: number | undefined;
  readonly answerTokens?: number | undefined;
  readonly sentences?: number | undefined;
  readonly minimum?: number | undefined;
  readonly threshold?: number | undefined;
  readonly noiseFilter?: boolean | undefined;
  readonly globalInfo?: boolean | undefined;
  readonly reorder?: boolean | undefined;
  readonly topicFilter?: boolean | undefined;
  readonly agent?: boolean | undefined;
  readonly presetChat?: PresetChat | undefined;
}

const BYTES_PER_MEGABYTE = 1e6;

export const collectionServingOptions = {
  keys: { type: 'string', describe: 'file of keys (`cem keys`); keys.json in the folder of collections unless given' },
  cors: { type: 'string', array: true, describe: 'origin whose pages may ask from browsers, as https://example.org' },
  'rate-limit': { type: 'number', describe: 'requests a minute of a key, or of an address without one; no limit unless given' },
  'upload-limit': { type: 'number', describe: 'megabytes of the documents of one request (67)' },
  reranker: answerOptions.reranker,
  'rerank-depth': { type: 'number', describe: 'how many results it reads for an answer, up to 100 (64)' },
  'rerank-share': answerOptions['rerank-share'],
  reader: answerOptions.reader,
  llm: answerOptions.llm,
  'llm-model': answerOptions['llm-model'],
  'local-model': answerOptions['local-model'],
  form: answerOptions.form,
  'context-tokens': answerOptions['context-tokens'],
  'answer-tokens': answerOptions['answer-tokens'],
  sentences: answerOptions.sentences,
  minimum: answerOptions.minimum,
  threshold: answerOptions.threshold,
  'noise-filter': answerOptions['noise-filter'],
  'global-info': answerOptions['global-info'],
  reorder: answerOptions.reorder,
  'topic-filter': answerOptions['topic-filter'],
  agent: answerOptions.agent,
} as const;

const NAMES = ['preset', ...Object.keys(collectionServingOptions)];

/** @throws UsageError `SERVE_OPTIONS` for one of these options beside --index */
export function refuseCollectionOptions(options: object): void {
  const given = options as Readonly<Record<string, unknown>>;
  const name = NAMES.find((one) => given[one] !== undefined && given[one] !== false);
  if (name !== undefined)
    throw new UsageError(
      'SERVE_OPTIONS',
      `--${name} is for --collections: an index alone is searched, by everybody who reaches it`,
      {
        details: { option: name },
      },
    );
}

/** @throws UsageError `SERVE_OPTIONS` for numbers out of bounds, and for what is no origin */
export function servingChoices(options: CollectionServingOptions): Omit<ServeCollectionsOptions, 'collections'> {
  const { uploadLimit, rateLimit, cors = [], rerankDepth, rerankShare, keys, reranker, ...rest } = options;
  const { reader, llm, llmModel, localModel, form, contextTokens, answerTokens, sentences, minimum, threshold } = rest;
  const { noiseFilter, globalInfo, reorder, topicFilter, agent } = rest;
  if (uploadLimit !== undefined && !(uploadLimit > 0))
    throw new UsageError('SERVE_OPTIONS', `--upload-limit ${uploadLimit}: give megabytes, more than 0`);
  if (rateLimit !== undefined && !(Number.isInteger(rateLimit) && rateLimit >= 1))
    throw new UsageError('SERVE_OPTIONS', `--rate-limit ${rateLimit}: give requests a minute, 1 or more`);
  for (const origin of cors) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue;
    throw new UsageError(
      'SERVE_OPTIONS',
      `--cors ${origin}: an origin is a scheme and a host, as https://example.org or http://localhost:3000`,
    );
  }
  return {
    ...{ keys, cors, rateLimit, reranker, depth: rerankDepth, rerankShare },
    ...(uploadLimit !== undefined && { uploadBytes: Math.round(uploadLimit * BYTES_PER_MEGABYTE) }),
    ...{ reader, llm, llmModel, localModel, form, contextTokens, answerTokens, sentences, minimum, threshold },
    ...{ noiseFilter, globalInfo, reorder, topicFilter, agent },
    ...(namesChat(options) && wanted(options.presetChat)),
  };
}
