import { UsageError } from '../../base/index.ts';
import { findBeirDataset, instructedQueryPrompt } from '../../data/index.ts';
import { type TransformersConfig, transformersConfig } from '../../encoders/index.ts';

/** What `--encoder` names, with every command. */
export type EncoderChoice =
  | { readonly kind: 'student' | 'teacher' | 'random' }
  /** Fitted on the documents at hand unless it lies in a folder. */
  | { readonly kind: 'lsa'; readonly folder: string | undefined }
  | { readonly kind: 'transformers'; readonly model: string }
  | { readonly kind: 'vectors'; readonly file: string };

const FORMS = 'student, teacher, transformers:MODEL, lsa, lsa:FOLDER, vectors:FILE.npy, random';

/**
 * Reads `--encoder`.
 *
 * @param code of the error
 * @throws UsageError
 */
export function parseEncoder(text: string, code: string): EncoderChoice {
  const [, kind, name] = /^([a-z]+)(?::(.*))?$/s.exec(text) ?? [];
  if (name === undefined && (kind === 'student' || kind === 'teacher' || kind === 'random')) return { kind };
  if (kind === 'lsa' && name !== '') return { kind, folder: name };
  if (kind === 'transformers' && name) return { kind, model: name };
  if (kind === 'vectors' && name) return { kind, file: name };
  throw new UsageError(code, `--encoder ${text} is none of ${FORMS}`, { details: { encoder: text } });
}

/** Options of `--encoder transformers:MODEL`. */
export interface TransformersOptions {
  readonly pooling?: 'mean' | 'cls' | 'last' | undefined;
  readonly maximumTokens?: number | undefined;
  readonly queryPrompt?: string | undefined;
  readonly documentPrompt?: string | undefined;
  /** Which of the model's ONNX files is run, by the precision of its weights: fp32 unless given. */
  readonly dtype?: TransformersConfig['dtype'] | undefined;
  /** BEIR's name of the set whose instruction stands before queries. */
  readonly task?: string | undefined;
}

/**
 * The model with its settings.
 *
 * @param code of the error for options that do not go together
 * @throws UsageError
 */
export function transformersOf(model: string, options: TransformersOptions, code: string): TransformersConfig {
  const { pooling, maximumTokens, documentPrompt, dtype } = options;
  if (maximumTokens !== undefined && !(Number.isSafeInteger(maximumTokens) && maximumTokens > 0))
    throw new UsageError(code, `--maximum-tokens ${maximumTokens} is no whole number from 1`);
  const queryPrompt = queryPromptOf(options, code);
  return transformersConfig.parse({
    kind: 'transformers',
    model,
    ...(pooling !== undefined && { pooling }),
    ...(maximumTokens !== undefined && { maximumTokens }),
    ...(queryPrompt !== undefined && { queryPrompt }),
    ...(documentPrompt !== undefined && { documentPrompt }),
    ...(dtype !== undefined && { dtype }),
  });
}

function queryPromptOf({ task, queryPrompt }: TransformersOptions, code: string): string | undefined {
  if (task === undefined) return queryPrompt;
  if (queryPrompt !== undefined)
    throw new UsageError(code, '--task and --query-prompt both say what stands before queries: give one');
  const { queryInstruction } = findBeirDataset(task);
  if (queryInstruction !== undefined) return instructedQueryPrompt(queryInstruction);
  throw new UsageError(code, `no instruction was published for the queries of ${task}; leave --task out`);
}

/**
 * Refuses settings of a transformers model with any other encoder.
 *
 * @throws UsageError
 */
export function refuseTransformersOptions(encoder: string, options: TransformersOptions, code: string): void {
  const { task, pooling, maximumTokens, queryPrompt, documentPrompt, dtype } = options;
  const given = Object.entries({
    task,
    pooling,
    'maximum-tokens': maximumTokens,
    'query-prompt': queryPrompt,
    'document-prompt': documentPrompt,
    dtype,
  });
  const name = given.find(([, value]) => value !== undefined)?.[0];
  if (name === undefined) return;
  throw new UsageError(
    code,
    `--${name} is a setting of --encoder transformers:MODEL, which ${encoder} does not know; leave it out`,
  );
}
