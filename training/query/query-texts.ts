import assert from 'node:assert/strict';
import type { TextEmbedder, Vectors } from '../../encoders/index.ts';
import { Granularity, withTargets } from '../batches/granularity.ts';
import { sharedSettings } from '../batches/granularity-settings.ts';
import { labelTexts } from '../batches/label-texts.ts';
import type { ShortTexts } from '../batches/labelling.ts';
import type { TrainingConfig } from '../options/config.ts';
import type { TrainOptions } from '../options/train-options.ts';

/** What a query student learns from: the run's short texts, which are as long as queries are, or its passages where it has no others. */
export function queryTexts(passages: readonly string[], others: readonly ShortTexts[], training: TrainingConfig): ShortTexts[] {
  const texts = others.length > 0 ? others : [{ name: 'passages', texts: passages, settings: training.passages }];
  return texts
    .map(({ settings, ...part }) => ({
      ...part,
      settings: { weight: settings.weight, batchSize: training.query?.batchSize ?? settings.batchSize },
    }))
    .filter(({ settings }) => settings.batchSize > 0);
}

/**
 * The teacher's vectors of texts as queries, behind its cache. A teacher that puts nothing different before queries reads them as it reads documents: the vectors
 * are those of documents then, which the cache has, and nothing is computed twice.
 */
function queryVectors(
  teacher: TextEmbedder,
  texts: readonly string[],
  onProgress: (done: number, total: number) => void,
): Promise<Vectors> {
  const { queryPrompt = '', documentPrompt = '' } = teacher.description.settings;
  return queryPrompt === documentPrompt ? teacher.embedDocuments(texts, onProgress) : teacher.embedQueries(texts, onProgress);
}

/**
 * What the query student's steps are cut from: texts as they are, never compressed, and the teacher's vectors of them as queries.
 *
 * @param wanted of those that the teacher has no vector for there is nothing to learn
 */
export async function labelQueries(
  teacher: TextEmbedder,
  wanted: readonly ShortTexts[],
  options: Pick<TrainOptions, 'training' | 'seed' | 'listener' | 'signal'>,
): Promise<Granularity[]> {
  const granularities: Granularity[] = [];
  for (const { name, texts, shares, settings } of wanted) {
    const { data: targets, dimension } = await labelTexts(name, options, (onProgress) =>
      queryVectors(teacher, texts, onProgress),
    );
    const usable = withTargets(
      {
        sizes: Uint32Array.from(texts, (text) => Buffer.byteLength(text)),
        shares,
        frame: () => assert.fail('queries are never compressed'),
        text: (index) => texts[index]!,
        targets,
      },
      dimension,
    );
    if (usable.count === 0) continue;
    granularities.push(new Granularity(name, usable, { ...settings, ...sharedSettings(options.training, options.seed) }));
  }
  return granularities;
}
