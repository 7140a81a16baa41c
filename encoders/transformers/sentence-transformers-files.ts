import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { CemError, messageOf, UsageError } from '../../base/index.ts';
import type { ModelSettings } from './model-settings.ts';

/** What the files beside a model say of it; undefined where they do not. */
type FileSettings = Partial<Omit<ModelSettings, 'padding'>>;

const modulesSchema = z.array(z.object({ type: z.string(), path: z.string().default('') }));
const poolingSchema = z.looseObject({
  pooling_mode: z.union([z.string(), z.array(z.string())]).optional(),
  include_prompt: z.boolean().default(true),
});
const lengthSchema = z.looseObject({ max_seq_length: z.number().nullish(), do_lower_case: z.boolean().nullish() });
const promptsSchema = z.looseObject({
  prompts: z.record(z.string(), z.string().nullable()).default({}),
  default_prompt_name: z.string().nullish(),
});
const tokenizerSchema = z.looseObject({ model_max_length: z.number().nullish(), do_lower_case: z.boolean().nullish() });
const modelSchema = z.looseObject({ max_position_embeddings: z.number().nullish() });

/** Modules that change nothing here: vectors are normalised anyway, and dropout is for training. */
const NEUTRAL_MODULES = ['Transformer', 'Pooling', 'Normalize', 'Dropout'];

/** sentence-transformers' flags and names of ways of pooling. The sum over the root of the count points where the mean points. */
const POOLING: Readonly<Record<string, ModelSettings['pooling']>> = {
  pooling_mode_mean_tokens: 'mean',
  pooling_mode_mean_sqrt_len_tokens: 'mean',
  pooling_mode_cls_token: 'cls',
  pooling_mode_lasttoken: 'last',
  mean: 'mean',
  mean_sqrt_len_tokens: 'mean',
  cls: 'cls',
  lasttoken: 'last',
};

/** Tokenizers without a limit say 1e30. */
const NO_LIMIT = 1e6;

/** Names that sentence-transformers has given the file of the maximum length (its `Transformer` module reads them in this order). */
const LENGTH_FILES = ['bert', 'roberta', 'distilbert', 'camembert', 'albert', 'xlm-roberta', 'xlnet'].map(
  (kind) => `sentence_${kind}_config.json`,
);

/**
 * Reads how a model embeds texts from the files that sentence-transformers keeps beside it: `modules.json`, the pooling's `config.json`, `sentence_bert_config.json` and
 * `config_sentence_transformers.json`; the maximum length, where these do not say it, from `tokenizer_config.json` and `config.json`.
 *
 * @param folder of the model
 * @throws UsageError `TEACHER_UNSUPPORTED` for what would be left out in silence: other modules (a dense layer), other ways of pooling, prompts that are not pooled, texts in lower case
 * @throws CemError `TEACHER_FILES` for a file that is not what it should be
 */
export async function readFileSettings(folder: string): Promise<FileSettings> {
  const modules = await read(join(folder, 'modules.json'), modulesSchema);
  const other = modules?.find(({ type }) => !NEUTRAL_MODULES.includes(moduleName(type)));
  if (other !== undefined) throw unsupported(folder, `has a module ${moduleName(other.type)} behind the transformer`);
  const pathOf = (name: string) => modules?.find(({ type }) => moduleName(type) === name)?.path;
  const prompts = promptsOf(await read(join(folder, 'config_sentence_transformers.json'), promptsSchema));
  const pooling = await read(join(folder, pathOf('Pooling') ?? '1_Pooling', 'config.json'), poolingSchema);
  if (pooling?.include_prompt === false && (prompts.queryPrompt || prompts.documentPrompt))
    throw unsupported(folder, 'leaves the tokens of its prompts out of the pooling (include_prompt)');
  const maximumTokens = await maximumTokensOf(folder, pathOf('Transformer') ?? '');
  return {
    ...prompts,
    ...(pooling && { pooling: poolingOf(pooling, folder) }),
    ...(maximumTokens !== undefined && { maximumTokens }),
  };
}

/** `sentence_transformers.models.Pooling` is `Pooling`. */
function moduleName(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}

function poolingOf(config: z.infer<typeof poolingSchema>, folder: string): ModelSettings['pooling'] {
  const { pooling_mode: named } = config;
  const flags = Object.keys(config).filter((key) => key.startsWith('pooling_mode_') && config[key] === true);
  const modes = named === undefined ? flags : [named].flat();
  const [mode] = modes;
  const pooling = mode === undefined ? undefined : POOLING[mode];
  if (modes.length === 1 && pooling !== undefined) return pooling;
  throw unsupported(folder, `pools by ${modes.length === 0 ? 'nothing that is named' : modes.join(' and ')}`);
}

/** What `encode_query` and `encode_document` of sentence-transformers put before texts. */
function promptsOf(config: z.infer<typeof promptsSchema> | undefined): Pick<FileSettings, 'queryPrompt' | 'documentPrompt'> {
  if (config === undefined) return {};
  const { prompts, default_prompt_name: byDefault } = config;
  const first = (...names: readonly string[]): string | undefined => {
    const name = [...names, ...(byDefault ? [byDefault] : [])].find((candidate) => prompts[candidate] != null);
    return name === undefined ? undefined : (prompts[name] ?? undefined);
  };
  const [queryPrompt, documentPrompt] = [first('query'), first('document', 'passage', 'corpus')];
  return { ...(queryPrompt !== undefined && { queryPrompt }), ...(documentPrompt !== undefined && { documentPrompt }) };
}

/** The longest sequence that a model reads with its special tokens; undefined where its files do not say. Throws as `readFileSettings`. */
export async function maximumTokensOf(folder: string, transformer = ''): Promise<number | undefined> {
  const tokenizer = await read(join(folder, 'tokenizer_config.json'), tokenizerSchema);
  for (const name of LENGTH_FILES) {
    for (const place of new Set([join(folder, transformer), folder])) {
      const length = await read(join(place, name), lengthSchema);
      if (length?.do_lower_case && !tokenizer?.do_lower_case)
        throw unsupported(folder, `wants texts in lower case, which its tokenizer does not make (${name})`);
      if (length?.max_seq_length) return length.max_seq_length;
    }
  }
  const model = await read(join(folder, 'config.json'), modelSchema);
  const limits = [tokenizer?.model_max_length, model?.max_position_embeddings].filter(
    (limit): limit is number => typeof limit === 'number' && Number.isSafeInteger(limit) && limit > 0 && limit < NO_LIMIT,
  );
  return limits.length === 0 ? undefined : Math.min(...limits);
}

function unsupported(folder: string, what: string): UsageError {
  return new UsageError(
    'TEACHER_UNSUPPORTED',
    `the model in ${folder} ${what}, which is not computed here: choose another model, or say in full how its token vectors become one (pooling and maximum tokens) to leave that out knowingly`,
    { details: { folder } },
  );
}

/** @returns undefined where the file is not there */
async function read<Schema extends z.ZodType>(path: string, schema: Schema): Promise<z.infer<Schema> | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new CemError('TEACHER_FILES', `cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause });
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause).replaceAll('\n', ' ') : messageOf(cause);
    throw new CemError('TEACHER_FILES', `${path} is not what sentence-transformers writes: ${reason}`, {
      details: { path },
      cause,
    });
  }
}
