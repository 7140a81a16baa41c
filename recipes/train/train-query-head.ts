import { join } from 'node:path';
import { ClosingStack, inStage, UsageError } from '../../base/index.ts';
import { type LoadedStudent, listCheckpoints, loadStudent } from '../../checkpoints/index.ts';
import type { QueryHeadRunConfig } from '../../configs/index.ts';
import {
  CachedTokenEncoder,
  type EncoderDescription,
  openTokenEncoder,
  type TokenEncoder,
  WordWeights,
} from '../../encoders/index.ts';
import { openReranker } from '../../rag/rerank/index.ts';
import { type QueryHeadExamples, type QueryHeadTrainResult, trainQueryHead } from '../../training/index.ts';
import { useBackend } from '../shared/backend.ts';
import { checkpointOrDefault } from '../shared/default-checkpoint.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { openHeadDevelopment } from './head-dev.ts';
import { encodePatches, encodeTexts, withCandidates } from './head-examples.ts';
import { readPairs } from './head-pairs.ts';
import { inTraining } from './in-training.ts';
import type { TrainRunChoices } from './train.ts';

export interface QueryHeadRunResult extends QueryHeadTrainResult {
  readonly backend: string;
}

/**
 * Trains a head over the token vectors of a frozen encoder with a resolved configuration. Vectors are computed once and kept below `CEM_CACHE`. Stops as `trainRun` does.
 *
 * @throws UsageError `RUN_EXISTS`, `HEAD_PAIRS`, `HEAD_PATCHES`, `CHECKPOINT_NEEDED`; and what `loadStudent`, `readBeir`, `openTokenEncoder`, `openReranker` and `trainQueryHead` throw
 */
export async function trainQueryHeadRun(config: QueryHeadRunConfig, choices: TrainRunChoices): Promise<QueryHeadRunResult> {
  const { data, seed, model, training } = config;
  const run = choices.run ?? join('runs', config.name);
  const resume = choices.resume ?? false;
  // Encoding takes minutes: what can be refused before is refused before.
  if (!resume && (await listCheckpoints(run)).length > 0) {
    throw new UsageError(
      'RUN_EXISTS',
      `the run folder ${run} exists: add --resume to go on with it, or name another one with --run`,
      { details: { path: run } },
    );
  }
  const models = modelsFolder(choices.models);
  const texts = await readPairs(data, seed);
  return inTraining(choices, async (listener) => {
    const backend = await useBackend(choices, listener);
    const words = await WordWeights.count(texts.keys);
    await using stack = new ClosingStack();
    const student =
      config.patches &&
      stack.add(await loadStudent(checkpointOrDefault(config.patches.checkpoint)), (loaded) => loaded.dispose());
    const encoder = await openFrozenEncoder(config, config.encoder.maximumTokens, models);
    const { description } = encoder;
    let examples: QueryHeadExamples;
    try {
      checkSpaces(config, description, student);
      const { tokens, negatives } = training;
      const queries = await inStage(listener, 'encode queries', (stage) =>
        encodeTexts(encoder, texts.queries, 'query', tokens.query, words, (done, total) => stage.progress(done, total)),
      );
      const keys = await inStage(listener, 'encode passages', (stage) => {
        const onProgress = (done: number, total: number) => stage.progress(done, total);
        return student === undefined
          ? encodeTexts(encoder, texts.keys, 'key', tokens.key, words, onProgress)
          : encodePatches(student, texts.keys, tokens.key, onProgress);
      });
      const pairs = await inStage(listener, 'find hard negatives', (stage) =>
        withCandidates(
          texts,
          negatives.perPair === 0 ? 'none' : data.negatives,
          negatives.skip + negatives.depth + 1,
          { queries: queries.whole, keys: keys.whole },
          (done, total) => stage.progress(done, total),
        ),
      );
      examples = { queries: queries.rows, keys: keys.rows, pairs };
    } finally {
      await encoder.dispose();
    }
    const { dev } = data;
    const development =
      dev &&
      (await inStage(listener, 'encode dev passages', async (stage) => {
        const own = await openFrozenEncoder(config, dev.maximumTokens ?? config.encoder.maximumTokens, models);
        try {
          const encoders = { encoder: own, student };
          return await openHeadDevelopment(dev, data.source, training, encoders, words, (done, total) =>
            stage.progress(done, total),
          );
        } finally {
          await own.dispose();
        }
      }));
    const teacher =
      data.teacher === undefined || training.distillation === 0 ? undefined : await openReranker(data.teacher, { models });
    try {
      const score =
        teacher &&
        ((query: number, keys: readonly number[]) =>
          teacher.score(
            texts.queries[query]!,
            keys.map((key) => texts.keys[key]!),
          ));
      const result = await trainQueryHead(
        { seed, model, training },
        {
          run,
          resume,
          resolved: config,
          environment: { backend: backend.name, backendDetail: backend.detail },
          encoder: description,
          ...(student && { patches: { revision: student.hash, dimension: student.student.dimension } }),
          examples: { ...examples, score },
          ...(development && { evaluate: (head) => development.evaluate(head) }),
          listener,
          ...(choices.signal && { signal: choices.signal }),
        },
      );
      return { ...result, backend: backend.name };
    } finally {
      await teacher?.dispose();
    }
  });
}

/** @throws UsageError `HEAD_PATCHES` where vectors of whole texts are to be compared that are not of one space */
function checkSpaces(
  { data: { dev, negatives }, training }: QueryHeadRunConfig,
  encoder: EncoderDescription,
  student: LoadedStudent | undefined,
): void {
  if (student === undefined) return;
  const compares = dev !== undefined || (training.negatives.perPair > 0 && (negatives === 'encoder' || negatives === 'both'));
  const { id, revision } = student.state.teacher;
  if (!compares || (id === encoder.id && revision === encoder.revision)) return;
  throw new UsageError(
    'HEAD_PATCHES',
    `the checkpoint of patches was trained on vectors of ${id} (${revision}), and queries are those of ${encoder.id} (${encoder.revision}): name a checkpoint of that teacher, or leave data.dev out and set data.negatives to words`,
    { details: { teacher: { id, revision }, encoder } },
  );
}

async function openFrozenEncoder(
  { encoder: { model, dtype }, cache }: QueryHeadRunConfig,
  maximumTokens: number | undefined,
  models: string | undefined,
): Promise<TokenEncoder> {
  const encoder = await openTokenEncoder({ model, dtype, ...(maximumTokens !== undefined && { maximumTokens }) }, models);
  return CachedTokenEncoder.open(encoder, { precision: cache.precision, limit: cache.gigabytes * 1e9 });
}
