import { existsSync } from 'node:fs';
import { chunkTexts, corpusSaving, DocumentReader, lockFolder, packCorpus } from '../data/index.ts';
import { tf } from '../model/backend/tf.ts';
import { label, openTeacher, shortTexts } from './labelling.ts';
import { TrainingLoop } from './loop.ts';
import { forgetRun, openRunFolder, type RunFolder } from './run-folder.ts';
import type { TrainOptions, TrainResult } from './train-options.ts';
import { checkWorkers } from './workers/gradient-workers.ts';

/**
 * Trains an encoder from a corpus in a run folder, which no other process may use meanwhile.
 *
 * @throws UsageError `RUN_EXISTS`, `TRAINING_WORKERS_BACKEND`; CemError `RUN_CONFIG_DIFFERS`, `FOLDER_LOCKED`, `TRAINING_NO_TEXTS`, `TRAINING_NOT_FINITE`, `CHECKPOINT_TEACHER`, and what reading the data throws
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  checkWorkers(options.training.workers, tf.getBackend());
  const folder = await openRunFolder(options.run, options.resolved, options.resume, options.environment);
  const lock = await lockFolder(folder.path);
  try {
    return await trainIn(folder, options);
  } finally {
    await lock.release();
  }
}

/** Pack, teacher, targets, steps, checkpoints: the place to read the whole of training. */
async function trainIn(folder: RunFolder, options: TrainOptions): Promise<TrainResult> {
  const start = performance.now();
  const saving = await packOnce(folder, options);
  const reader = await DocumentReader.open(folder.zpkg);
  try {
    const passages = await readPassages(reader, options);
    const others = await shortTexts(passages, options);
    const teacher = await openTeacher(folder, passages, options);
    try {
      const granularities = await label(reader, teacher.embedder, passages, others, options);
      const dev = await options.openDevEvaluator?.({
        run: folder.path,
        dictionary: reader.dictionary,
        pack: options.pack,
        teacher: teacher.embedder,
        listener: options.listener,
      });
      const loop = await new TrainingLoop(folder, options, teacher.embedder, reader.dictionary, granularities, dev)
        .run()
        .finally(() => dev?.close());
      return {
        ...loop,
        run: folder.path,
        texts: Object.fromEntries([['passages', passages.length], ...others.map(({ name, texts }) => [name, texts.length])]),
        saving,
        seconds: (performance.now() - start) / 1000,
      };
    } finally {
      await teacher.close();
    }
  } finally {
    await reader.close();
  }
}

async function packOnce(folder: RunFolder, options: TrainOptions): Promise<number> {
  if (!existsSync(folder.zpkg)) {
    const stage = options.listener.stage('pack');
    const manifest = await packCorpus(options.documents, folder.zpkg, {
      ...options.pack,
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

/** Each chunk's own text, by chunk number, from the source and not from the container. */
async function readPassages(reader: DocumentReader, options: TrainOptions): Promise<string[]> {
  const passages: string[] = [];
  for await (const { chunk, text } of chunkTexts(options.documents(), reader)) passages[chunk] = text;
  return passages;
}
