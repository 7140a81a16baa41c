import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { listCheckpoints, loadCheckpoint, loadOptimizer, type OptimizerArrays, pruneCheckpoints, readCheckpointState, saveCheckpoint } from '../checkpoints/index.ts';
import { chunkTexts, corpusSaving, type Document, DocumentReader, packCorpus, splitSentences } from '../data/index.ts';
import type { ModelConfig } from '../model/config.ts';
import { CemModel } from '../model/embedder.ts';
import { createTeacher, LsaEmbedder, type TeacherConfig, type TextEmbedder } from '../model/encoders/index.ts';
import { CemError } from '../zpkg/index.ts';
import type { TrainingConfig } from './config.ts';
import { compressTexts, Granularity } from './granularity.ts';
import { MetricsLog } from './metrics.ts';
import { openRunFolder, type RunFolder } from './run-folder.ts';
import { type StepResult, TrainingStep } from './step.ts';
import { cachedTeacher, TeacherCache, teacherCacheFolder } from './teacher-cache.ts';

/** How a training corpus is packed. */
export interface PackSettings {
  readonly level: number;
  readonly targetChunkSize: number;
  readonly dictionarySize: number;
}

/** Where training says how far it is. */
export interface TrainingListener {
  note(line: string): void;
  stage(name: string): { progress(done: number, total: number, extra?: string): void; done(summary?: string): void; fail(): void };
}

export interface TrainOptions {
  /** Run folder. */
  readonly run: string;
  readonly resume: boolean;
  readonly seed: number;
  readonly model: ModelConfig;
  readonly teacher: TeacherConfig;
  readonly pack: PackSettings;
  readonly training: TrainingConfig;
  /** The whole resolved configuration, as it is kept in the run folder and in every checkpoint. */
  readonly resolved: unknown;
  /** What else the environment file should say, such as the backend. */
  readonly environment: Record<string, unknown>;
  /** The training documents; read anew for each pass. */
  readonly documents: () => AsyncIterable<Document>;
  /** Folder in which teachers are looked up before the hub. */
  readonly models?: string;
  readonly listener: TrainingListener;
  /** Asks for a checkpoint and an end after the current step. */
  readonly signal?: AbortSignal;
}

export interface TrainResult {
  readonly run: string;
  readonly checkpoint: string;
  readonly step: number;
  /** Whether the signal ended it before its last step. */
  readonly interrupted: boolean;
  readonly loss: { readonly first: number; readonly last: number } | null;
  readonly texts: Readonly<Record<string, number>>;
  readonly saving: number;
  readonly seconds: number;
}

/** Trains an encoder from a corpus: pack, teacher, targets, steps, checkpoints. The place to read the whole of training. */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const start = performance.now();
  const folder = await openRunFolder(options.run, options.resolved, options.resume, options.environment);
  const saving = await packOnce(folder, options);
  const reader = await DocumentReader.open(folder.zpkg);
  try {
    const passages = await readPassages(reader, options);
    const sentences = options.training.sentences.batchSize > 0 ? uniqueSentences(passages, options.training.sentences.maximum) : [];
    const teacher = await openTeacher(folder, passages, options);
    try {
      const granularities = await label(reader, teacher.embedder, passages, sentences, options);
      const loop = await new TrainingLoop(folder, options, teacher.embedder, reader.dictionary, granularities).run();
      return {
        ...loop,
        run: folder.path,
        texts: { passages: passages.length, sentences: sentences.length },
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

function uniqueSentences(passages: readonly string[], maximum: number): string[] {
  const sentences = new Set<string>();
  for (const passage of passages) {
    for (const sentence of splitSentences(passage)) sentences.add(sentence);
    if (sentences.size >= maximum) break;
  }
  return [...sentences].slice(0, maximum);
}

/** The teacher behind its cache. A fitted teacher belongs to the run and so does its cache; the others' caches are shared between runs. */
async function openTeacher(folder: RunFolder, passages: readonly string[], options: TrainOptions): Promise<{ embedder: TextEmbedder; close(): Promise<void> }> {
  let embedder: TextEmbedder;
  let cacheFolder = teacherCacheFolder();
  if (options.teacher.kind === 'lsa') {
    cacheFolder = join(folder.path, 'teacher-cache');
    if (existsSync(folder.teacher)) {
      embedder = await LsaEmbedder.load(folder.teacher);
    } else {
      const stage = options.listener.stage('fit teacher');
      const fitted = await LsaEmbedder.fit(passages, options.teacher, (done, total) => stage.progress(done, total));
      await fitted.save(folder.teacher);
      stage.done(`LSA, ${fitted.description.dimension} dimensions`);
      embedder = fitted;
    }
  } else {
    embedder = await createTeacher(options.teacher, options.models === undefined ? {} : { models: options.models });
  }
  await mkdir(cacheFolder, { recursive: true });
  const cache = await TeacherCache.open(cacheFolder, embedder.description);
  const cached = cachedTeacher(embedder, cache);
  return {
    embedder: cached,
    close: async () => {
      await cache.close();
      await embedder.dispose();
    },
  };
}

async function label(reader: DocumentReader, teacher: TextEmbedder, passages: readonly string[], sentences: readonly string[], options: TrainOptions): Promise<Granularity[]> {
  const { training, seed, listener } = options;
  const targetsOf = async (name: string, texts: readonly string[]) => {
    const stage = listener.stage(`label ${name}`);
    const vectors = await teacher.embedDocuments(texts, (done, total) => stage.progress(done, total));
    stage.done(`${texts.length} vectors of ${vectors.dimension}`);
    return vectors.data;
  };
  const common = { windowBatches: training.lengthBucketBatches, seed };
  const granularities: Granularity[] = [];
  if (training.passages.batchSize > 0) {
    const texts = {
      count: passages.length,
      sizes: Uint32Array.from(passages, (_, chunk) => reader.container.chunkSize(chunk)),
      frame: (chunk: number) => reader.compressedChunk(chunk),
      targets: await targetsOf('passages', passages),
    };
    granularities.push(new Granularity('passages', texts, { ...training.passages, ...common }));
  }
  if (sentences.length > 0) {
    const targets = await targetsOf('sentences', sentences);
    const stage = listener.stage('compress sentences');
    const frames = compressTexts(sentences, reader.dictionary, options.pack.level, (done, total) => stage.progress(done, total));
    stage.done();
    granularities.push(new Granularity('sentences', { count: sentences.length, ...frames, targets }, { ...training.sentences, ...common }));
  }
  if (granularities.length === 0) {
    throw new CemError('TRAINING_NO_TEXTS', 'no granularity has texts: give training.passages or training.sentences a batchSize above 0');
  }
  return granularities;
}

/** The steps of a run, from its newest checkpoint to its last step. */
class TrainingLoop {
  readonly #folder: RunFolder;
  readonly #options: TrainOptions;
  readonly #teacher: TextEmbedder;
  readonly #dictionary: Uint8Array;
  readonly #granularities: readonly Granularity[];

  constructor(folder: RunFolder, options: TrainOptions, teacher: TextEmbedder, dictionary: Uint8Array, granularities: readonly Granularity[]) {
    this.#folder = folder;
    this.#options = options;
    this.#teacher = teacher;
    this.#dictionary = dictionary;
    this.#granularities = granularities;
  }

  async run(): Promise<Pick<TrainResult, 'checkpoint' | 'step' | 'interrupted' | 'loss'>> {
    const { training, listener, signal } = this.#options;
    const { model, step: first, optimizer } = await this.#start();
    const step = new TrainingStep(model, training);
    if (optimizer) restoreOptimizer(step, optimizer);
    try {
      const metrics = await MetricsLog.open(this.#folder.metrics, first);
      const prepared = model.prepareDictionary(this.#dictionary);
      const epochs = this.#granularities.map((part) => `${part.epochs(training.steps).toFixed(1)} epochs of ${part.name}`);
      listener.note(`train: ${training.steps} steps, ${epochs.join(', ')}; ${model.graph.countParams()} weights and ${model.tables.size} in tables`);
      const stage = listener.stage('train');
      const averages = new StepAverages();
      let firstLoss: number | undefined;
      let lastLoss = Number.NaN;
      let done = first;
      let saved = first;
      while (done < training.steps && !signal?.aborted) {
        const batches = await Promise.all(this.#granularities.map((part) => part.batch(done, model, prepared)));
        const result = await step.run(batches, done);
        if (!Number.isFinite(result.loss) || !Number.isFinite(result.gradientNorm)) {
          stage.fail();
          throw new CemError('TRAINING_NOT_FINITE', `the loss of step ${done} is ${result.loss} (gradient norm ${result.gradientNorm}): lower optimizer.learningRate; the newest checkpoint is step ${saved}`, {
            details: { step: done, loss: result.loss, gradientNorm: result.gradientNorm },
          });
        }
        done++;
        averages.add(result, batches.reduce((sum, batch) => sum + batch.symbols.size, 0));
        firstLoss ??= result.loss;
        lastLoss = result.loss;
        if (done % training.logEvery === 0 || done === training.steps) {
          const line = averages.line(done);
          metrics.append(line);
          lastLoss = line.loss;
        }
        stage.progress(done, training.steps, `loss ${result.loss.toFixed(4)}`);
        if (done % training.checkpointEvery === 0 && done < training.steps) {
          await this.#save(model, step, done);
          saved = done;
        }
      }
      const checkpoint = this.#folder.checkpoint(done);
      if (saved !== done || !existsSync(checkpoint)) await this.#save(model, step, done);
      stage.done(`step ${done}, loss ${lastLoss.toFixed(4)}`);
      return { checkpoint, step: done, interrupted: done < training.steps, loss: firstLoss === undefined ? null : { first: firstLoss, last: lastLoss } };
    } finally {
      step.dispose();
      model.dispose();
    }
  }

  async #start(): Promise<{ model: CemModel; step: number; optimizer: OptimizerArrays | undefined }> {
    const { seed, listener } = this.#options;
    const newest = (await listCheckpoints(this.#folder.path)).at(-1);
    const { dimension } = this.#teacher.description;
    if (newest === undefined) return { model: CemModel.create(this.#options.model, dimension, seed), step: 0, optimizer: undefined };
    const path = this.#folder.checkpoint(newest);
    const state = await readCheckpointState(path);
    if (state.teacher.revision !== this.#teacher.description.revision) {
      throw new CemError('CHECKPOINT_TEACHER', `${path} was trained to ${state.teacher.id} (${state.teacher.revision.slice(0, 12)}), the teacher here is ${this.#teacher.description.id} (${this.#teacher.description.revision.slice(0, 12)})`, {
        details: { path },
      });
    }
    listener.note(`resume: step ${newest}`);
    const { model } = await loadCheckpoint(path);
    return { model, step: state.step, optimizer: await loadOptimizer(path) };
  }

  async #save(model: CemModel, step: TrainingStep, done: number): Promise<void> {
    const { seed, pack, teacher, resolved, training } = this.#options;
    const { id, revision, settings } = this.#teacher.description;
    const state = {
      step: done,
      seed,
      model: model.config,
      dimension: model.dimension,
      pack: { level: pack.level, targetChunkSize: pack.targetChunkSize, dictionarySize: pack.dictionarySize },
      teacher: { config: teacher, id, revision, settings },
      config: resolved,
    };
    await saveCheckpoint(this.#folder.checkpoint(done), model, state, await optimizerArrays(step));
    await pruneCheckpoints(this.#folder.path, training.keepCheckpoints);
  }
}

/** Names of the optimiser's arrays in a checkpoint: `dense/first`, `dense/second`, then `tables/<number>/first` and `/second`. */
async function optimizerArrays(step: TrainingStep): Promise<OptimizerArrays> {
  const { first, second } = await step.dense.moments();
  const arrays = new Map([
    ['dense/first', { shape: [first.length], data: first }],
    ['dense/second', { shape: [second.length], data: second }],
  ]);
  step.sparse.firstMoments.forEach((data, table) => arrays.set(`tables/${table}/first`, { shape: [data.length], data }));
  step.sparse.secondMoments.forEach((data, table) => arrays.set(`tables/${table}/second`, { shape: [data.length], data }));
  return arrays;
}

function restoreOptimizer(step: TrainingStep, arrays: OptimizerArrays): void {
  const take = (name: string): Float32Array => {
    const array = arrays.get(name);
    if (!array) throw new CemError('CHECKPOINT_SHAPE', `the optimiser's state lacks "${name}": the checkpoint belongs to another configuration`, { details: { name } });
    return array.data;
  };
  step.dense.restore({ first: take('dense/first'), second: take('dense/second') });
  step.sparse.firstMoments.forEach((moments, table) => moments.set(take(`tables/${table}/first`)));
  step.sparse.secondMoments.forEach((moments, table) => moments.set(take(`tables/${table}/second`)));
}

/** Averages of step results between two lines of the log. */
class StepAverages {
  readonly #start = performance.now();
  #since = performance.now();
  #steps = 0;
  #texts = 0;
  #loss = 0;
  #gradientNorm = 0;
  #learningRate = 0;
  #terms: Record<string, number> = {};

  add(result: StepResult, texts: number): void {
    this.#steps++;
    this.#texts += texts;
    this.#loss += result.loss;
    this.#gradientNorm += result.gradientNorm;
    this.#learningRate = result.learningRate;
    for (const [name, value] of Object.entries(result.terms)) this.#terms[name] = (this.#terms[name] ?? 0) + value;
  }

  /** The averages since the last call, which start anew. */
  line(step: number) {
    const now = performance.now();
    const seconds = (now - this.#since) / 1000;
    const steps = this.#steps;
    const line = {
      step,
      loss: this.#loss / steps,
      terms: Object.fromEntries(Object.entries(this.#terms).map(([name, value]) => [name, value / steps])),
      learning_rate: this.#learningRate,
      gradient_norm: this.#gradientNorm / steps,
      seconds: (now - this.#start) / 1000,
      steps_per_second: steps / seconds,
      texts_per_second: this.#texts / seconds,
    };
    this.#since = now;
    this.#steps = 0;
    this.#texts = 0;
    this.#loss = 0;
    this.#gradientNorm = 0;
    this.#terms = {};
    return line;
  }
}
