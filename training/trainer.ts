import { existsSync } from 'node:fs';
import { lockFolder } from '../base/index.ts';
import type { LoadedEntropyPatcher } from '../checkpoints/index.ts';
import { corpusSaving, DocumentReader, packCorpus } from '../data/index.ts';
import { probeTeacher } from '../encoders/index.ts';
import type { ModelConfig } from '../model/index.ts';
import { tf } from '../model/index.ts';
import { label, openTeacher, shortTexts } from './batches/labelling.ts';
import { openEntropyPatcher } from './batches/passage-patches.ts';
import { checkStepChoice } from './device/choose-step.ts';
import { recordKnownText } from './loop/known-text.ts';
import { trainSteps } from './loop/train-steps.ts';
import type { TrainOptions, TrainResult } from './options/train-options.ts';
import { trainQueryStudent } from './query/train-query-student.ts';

import { forgetRun, openRunFolder, type RunFolder } from './runs/run-folder.ts';
import { readPassages } from './variants/corpus-passages.ts';
import { closeVariants, openVariants, type VariantContainer } from './variants/open-variants.ts';
import { checkTableWarmStart } from './warm-start/warm-start-tables.ts';
import { checkWorkers } from './workers/gradient-workers.ts';

/**
 * Trains an encoder from a corpus in a run folder, which no other process may use meanwhile.
 *
 * @throws UsageError `RUN_EXISTS`, `TRAINING_WORKERS_BACKEND`, `TRAINING_DEVICE_WORKERS`, `TRAINING_DEVICES`, `PRODUCT_PRECISION`, `WARM_START_NO_SKIP_PATH`, `WARM_START_TWICE`; CemError `RUN_CONFIG_DIFFERS`, `FOLDER_LOCKED`, `RUN_VARIANT_DIFFERS`, `TRAINING_NO_TEXTS`, `TRAINING_NOT_FINITE`, `TRAINING_DEVICE_MEMORY`, `TRAINING_DEVICE_FAILED`, `CHECKPOINT_TEACHER`, and what reading the data throws
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  checkWorkers(options.training.workers, tf.getBackend());
  checkStepChoice(options.training);
  checkTableWarmStart(options);
  const folder = await openRunFolder(options.run, options.resolved, options.resume, options.environment);
  const lock = await lockFolder(folder.path);
  try {
    const { query, ...model } = options.model;
    return await trainIn(folder, { ...options, model }, query);
  } finally {
    await lock.release();
  }
}

/** Pack, teacher, query student, targets, steps, checkpoints: the place to read the whole of training. */
async function trainIn(folder: RunFolder, options: TrainOptions, queryModel: ModelConfig | undefined): Promise<TrainResult> {
  const start = performance.now();
  const saving = await packOnce(folder, options);
  const reader = await DocumentReader.open(folder.zpkg);
  const variants: VariantContainer[] = [];
  let entropy: LoadedEntropyPatcher | undefined;
  try {
    const passages = await readPassages(options.documents(), reader);
    const { texts, places } = passages;
    entropy = await openEntropyPatcher(folder, reader, passages, options);
    const { shareOf } = options;
    const shares = shareOf && Float64Array.from(places, ({ frame }) => shareOf(reader.documentOf(frame)));
    variants.push(...(await openVariants(folder, passages, options)));
    const others = await shortTexts(texts, shares, options);
    await recordKnownText(folder, { passages: texts, others }, options);
    const teacher = await openTeacher(folder, texts, options);
    try {
      const query = queryModel && (await trainQueryStudent(folder, queryModel, teacher.embedder, texts, others, options));
      const summary = () => ({
        run: folder.path,
        texts: Object.fromEntries([['passages', texts.length], ...others.map((other) => [other.name, other.texts.length])]),
        saving,
        seconds: (performance.now() - start) / 1000,
      });
      if (query?.interrupted) return { ...query, step: 0, stoppedEarly: false, best: null, loss: null, ...summary() };
      const granularities = await label(reader, variants, teacher.embedder, { passages, shares, others }, options);
      const probe = await probeTeacher(teacher.embedder);
      const dev = await options.openDevEvaluator?.({
        run: folder.path,
        dictionary: reader.dictionary,
        pack: options.pack,
        teacher: teacher.embedder,
        listener: options.listener,
      });
      const { embedder } = teacher;
      const { dictionary } = reader;
      const parts = { teacher: embedder, dictionary, granularities, dev, query: query?.checkpoint, probe, entropy };
      const steps = await trainSteps(folder, options, parts).finally(() => dev?.close());
      return { ...steps, ...summary() };
    } finally {
      await teacher.close();
    }
  } finally {
    entropy?.dispose();
    await closeVariants(variants);
    await reader.close();
  }
}

async function packOnce(folder: RunFolder, options: TrainOptions): Promise<number> {
  if (!existsSync(folder.zpkg)) {
    const stage = options.listener.stage('pack');
    const { level, targetChunkSize, dictionarySize, passageSize = 0, passageOverlap = 0 } = options.pack;
    const manifest = await packCorpus(options.documents, folder.zpkg, {
      level,
      targetChunkSize,
      dictionarySize,
      passageSize,
      passageOverlap,
      // An encoder reads none of it.
      metadata: false,
      force: true,
      onProgress: (_stage, done, total) => stage.progress(done, total),
    }).catch(async (error: unknown) => {
      stage.fail();
      if (!options.resume) await forgetRun(folder);
      throw error;
    });
    stage.done(`${manifest.documents} documents in ${manifest.chunks} chunks, saving ${(100 * manifest.saving).toFixed(1)}%`);
    return manifest.saving;
  }
  return corpusSaving(folder.zpkg);
}
