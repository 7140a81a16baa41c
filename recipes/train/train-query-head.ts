import { join } from 'node:path';
import { inStage, UsageError } from '../../base/index.ts';
import { listCheckpoints } from '../../checkpoints/index.ts';
import type { QueryHeadRunConfig } from '../../configs/index.ts';
import { CachedTokenEncoder, openTokenEncoder, type TokenEncoder, WordWeights } from '../../encoders/index.ts';
import { openReranker } from '../../rag/rerank/index.ts';
import { type QueryHeadExamples, type QueryHeadTrainResult, trainQueryHead } from '../../training/index.ts';
import { useBackend } from '../shared/backend.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { openHeadDevelopment } from './head-dev.ts';
import { encodeTexts, withCandidates } from './head-examples.ts';
import { readPairs } from './head-pairs.ts';
import { inTraining } from './in-training.ts';
import type { TrainRunChoices } from './train.ts';

export interface QueryHeadRunResult extends QueryHeadTrainResult {
  readonly backend: string;
}

/**
 * Trains a head over the token vectors of a frozen encoder with a resolved configuration. Vectors are computed once and kept below `CEM_CACHE`. Stops as `trainRun` does.
 *
 * @throws UsageError `RUN_EXISTS`, `HEAD_PAIRS`; and what `readBeir`, `openTokenEncoder`, `openReranker` and `trainQueryHead` throw
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
    const encoder = await openFrozenEncoder(config, config.encoder.maximumTokens, models);
    const { description } = encoder;
    let examples: QueryHeadExamples;
    try {
      const encode = (role: 'query' | 'key', own: readonly string[]) =>
        inStage(listener, role === 'query' ? 'encode queries' : 'encode passages', (stage) =>
          encodeTexts(encoder, own, role, training.tokens[role], words, (done, total) => stage.progress(done, total)),
        );
      const queries = await encode('query', texts.queries);
      const keys = await encode('key', texts.keys);
      const { negatives } = training;
      const pairs = await inStage(listener, 'find hard negatives', (stage) =>
        withCandidates(
          texts,
          negatives.perPair === 0 ? 'none' : data.negatives,
          negatives.skip + negatives.depth + 1,
          { queries: queries.sentences, keys: keys.sentences },
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
          return await openHeadDevelopment(dev, data.source, training, own, words, (done, total) => stage.progress(done, total));
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

async function openFrozenEncoder(
  { encoder: { model, dtype }, cache }: QueryHeadRunConfig,
  maximumTokens: number | undefined,
  models: string | undefined,
): Promise<TokenEncoder> {
  const encoder = await openTokenEncoder({ model, dtype, ...(maximumTokens !== undefined && { maximumTokens }) }, models);
  return CachedTokenEncoder.open(encoder, { precision: cache.precision, limit: cache.gigabytes * 1e9 });
}
