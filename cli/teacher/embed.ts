import { formatDuration, UsageError } from '../../base/index.ts';
import { loadConfig, type RunConfig } from '../../configs/index.ts';
import { type Document, type TrainingDocuments, trainingDocuments } from '../../data/index.ts';
import { cachePrecision, PRECISIONS, type Precision, type TransformersConfig, transformersConfig } from '../../encoders/index.ts';
import { type EmbedCorpusResult, embedCorpus, GRANULARITIES, type TextGranularity } from '../../recipes/teacher/index.ts';
import { defineCommand } from '../command.ts';
import { INPUT_DESCRIPTION, withCorpusInput } from '../options/corpus-input.ts';
import { modelsOption } from '../options/index-options.ts';
import { cacheFolderOf, cacheFolderOption } from './cache-options.ts';

interface TeacherEmbedOptions {
  readonly input: string | undefined;
  readonly teacher: string | undefined;
  readonly config: string | undefined;
  readonly set: string[];
  readonly split: string | undefined;
  readonly granularity: TextGranularity;
  readonly zpkg: string | undefined;
  readonly maximum: number | undefined;
  readonly precision: Precision | undefined;
  readonly models: string | undefined;
  readonly folder: string | undefined;
}

/** What is embedded, by whom, and from where. */
interface EmbedPlan {
  readonly teacher: TransformersConfig;
  readonly precision: Precision;
  /** A corpus file or folder, `-`, or the documents of a run. */
  readonly input: string | TrainingDocuments;
  readonly maximum: number;
}

export const teacherEmbedCommand = defineCommand<TeacherEmbedOptions, EmbedCorpusResult>({
  command: 'embed [input]',
  describe: "Put a teacher's vectors of a corpus into the cache that training reads; the same command again goes on",
  examples: [
    ['teacher embed docs/ --teacher all-MiniLM-L6-v2 --models ../models', 'every document as one passage'],
    [
      'teacher embed --config configs/small.yaml --granularity sentences',
      'what the run of this file will ask for, so that it need not wait',
    ],
  ],
  options: (parser) =>
    parser
      .positional('input', { type: 'string', describe: `${INPUT_DESCRIPTION}; by default the data.source of --config` })
      // Without it yargs takes a lone - for an option without a value.
      .nargs('input', 1)
      .option('teacher', { type: 'string', describe: 'transformers model: folder, name below --models, or hub id' })
      .option('config', { type: 'string', describe: "a run's YAML file instead: its teacher with all settings, its data" })
      .option('set', { type: 'string', array: true, default: [] as string[], describe: 'override a key of --config: a.b=c' })
      .option('split', { type: 'string', describe: 'of a BEIR folder: only the documents that this split judges' })
      .option('granularity', { choices: GRANULARITIES, default: 'passages' as const, describe: 'which texts of the documents' })
      .option('zpkg', {
        type: 'string',
        describe: "the documents' container: passages are the texts of its chunks, where documents are longer than one",
      })
      .option('maximum', { type: 'number', describe: 'sentences, at most; by default as --config says, else all' })
      .option('precision', {
        choices: PRECISIONS,
        describe: 'how vectors are cached; by default as --config says (teacher.cache), else fp32',
      })
      .option('models', modelsOption)
      .option('folder', cacheFolderOption),
  run: async (options, listener) => {
    const { input, ...plan } = await planEmbedding(options);
    const embed = (documents: () => AsyncIterable<Document>) =>
      embedCorpus({ ...options, ...plan, documents, folder: cacheFolderOf(options.folder), listener });
    return typeof input === 'string' ? withCorpusInput(input, listener, embed) : embed(input.documents);
  },
  text: ({ teacher, revision, dimension, precision, folder, texts, computed, seconds, rate }) =>
    [
      `${texts} texts: ${computed} vectors computed in ${formatDuration(seconds)}${rate === null ? '' : ` (${rate.toFixed(0)} a second)`}, the others were at hand`,
      `${teacher} (revision ${revision}), ${dimension} numbers a vector, ${precision}: ${folder}`,
    ].join('\n'),
});

/** @throws UsageError `TEACHER_EMBED` for options that do not go together, and as `loadConfig` */
async function planEmbedding(options: TeacherEmbedOptions): Promise<EmbedPlan> {
  const { teacher: model, config: path, precision, split } = options;
  if ((model === undefined) === (path === undefined))
    throw new UsageError('TEACHER_EMBED', 'say who embeds: --teacher MODEL or --config FILE, one of the two');
  if (options.maximum !== undefined && !(Number.isSafeInteger(options.maximum) && options.maximum > 0))
    throw new UsageError('TEACHER_EMBED', `--maximum ${options.maximum} is no whole number from 1`);
  if (path === undefined) {
    if (options.input === undefined) throw new UsageError('TEACHER_EMBED', 'name the corpus that is to be embedded');
    const teacher = transformersConfig.parse({ kind: 'transformers', model });
    const maximum = options.maximum ?? Number.POSITIVE_INFINITY;
    const input = split === undefined ? options.input : await trainingDocuments({ source: options.input, split });
    return { teacher, precision: precision ?? cachePrecision(teacher), input, maximum };
  }
  const { teacher, data, training } = await loadConfig(path, options.set);
  if (teacher.kind !== 'transformers') {
    throw new UsageError(
      'TEACHER_EMBED',
      `the teacher of ${path} is ${teacher.kind}, which is fitted in its run and cached there; only transformers models embed ahead`,
    );
  }
  return {
    teacher,
    precision: precision ?? cachePrecision(teacher),
    input: await plannedInput(options, data),
    maximum: options.maximum ?? training.sentences.maximum,
  };
}

/** What the command line names; without a name what the run of the configuration trains on. */
async function plannedInput({ input, split }: TeacherEmbedOptions, data: RunConfig['data']): Promise<EmbedPlan['input']> {
  if (input === undefined) return trainingDocuments({ ...data, ...(split !== undefined && { split }) }, data.further);
  return split === undefined ? input : trainingDocuments({ source: input, split });
}
