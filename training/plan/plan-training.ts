import { LONGEST_SENTENCE } from '../../data/index.ts';
import { keepsFreedMemory } from '../../model/backend/index.ts';
import { type ModelConfig, ngramTables, tf } from '../../model/index.ts';
import { BYTE_VOCABULARY } from '../../model/symbols/index.ts';
import { checkStepChoice, deviceHasOwnMemory, deviceMemoryLimit, isOnDevice } from '../device/choose-step.ts';
import { tableOptimizerNumbers } from '../optimizers/create-table-optimizer.ts';
import { tableAverageNumbers } from '../optimizers/table-averages.ts';
import type { TrainingConfig } from '../options/config.ts';
import { queryTrainingConfig } from '../query/train-query-student.ts';
import { countDeep, FLOAT_BYTES, type ModelCount, type PlannedBatch } from './count-step.ts';
import { type CountingBackend, withCountingBackend } from './counting-backend.ts';
import { registerCountingKernels } from './counting-kernels.ts';
import type { ParameterCounts } from './parameters.ts';
import { labelBytes, type PlannedTexts, plannedTexts, stringBytes, warmStartBytes } from './planned-texts.ts';

/** Node with tsx, tfjs and zstd: 220 to 270 MB resident around the first steps of a tiny model (measured, Linux x64). */
const PROGRAM_BYTES = 250e6;
/** With TensorFlow's library, which is 850 MB on disk: 500 to 575 MB. */
const TENSORFLOW_PROGRAM_BYTES = 550e6;
/** A thread that computes gradients with the program that it has loaded, before its first job: 122 to 128 MB (measured, Linux x64, wasm). */
const THREAD_BYTES = 125e6;
/** Copies of a batch's symbol embeddings on the host: the sums of rows, the gradient, the gradient in the kernels' memory. */
const HOST_COPIES = 3;
/** With tables on the device, rows of every byte of a batch: their sum over the tables, and its gradient. */
const POSITION_COPIES = 2;
/** And of each row that a step touches: the row, its gradient, two moments. */
const DEVICE_ROW_COPIES = 4;
/** Copies of its symbols' embeddings that a thread has: those it was given, and their gradient. */
const THREAD_COPIES = 2;
/** Symbols of a long word with the space behind it. */
const WORD_SYMBOLS = 16;
/** Bytes of text that a symbol stands for: 2 to 4 in frames of technical prose at level 19. */
const BYTES_PER_SYMBOL = 3;

export type { PlannedBatch };

/** What belongs to a run beside the model and its training. */
interface PlanOptions {
  /** What a step takes, instead of what the configuration says. */
  readonly batches?: readonly PlannedBatch[];
  /** Packings beside the run's own (`pack.variants`); 0 by default. */
  readonly variants?: number;
  /** Shape of the query student that is trained first; absent: none. */
  readonly query?: ModelConfig | undefined;
  /** Bytes of the training data; absent: not known, so that short texts are as many as the configuration allows and passages are not counted. */
  readonly corpusBytes?: number | undefined;
}

/** What the training of one model takes. All memory in bytes. */
export interface PassPlan {
  readonly parameters: ParameterCounts;
  readonly batches: readonly PlannedBatch[];
  readonly memory: {
    readonly program: number;
    /** Texts, the teacher's vectors for them, and the frames of short ones in every packing. */
    readonly texts: number;
    readonly tables: number;
    /** State of the tables' optimiser, and averages of the tables. */
    readonly tableOptimizer: number;
    readonly weights: number;
    /** State of the weights' optimiser, and averages of the weights. */
    readonly optimizer: number;
    /** Most that a step holds besides: activations and gradients, the optimiser's intermediate results, or the copies that a checkpoint is written from, whichever is most. */
    readonly step: number;
    /**
     * Freed tensors that the backend's allocator holds beside that, and while a checkpoint is written all that it held in the step: TensorFlow with oneDNN gives nothing back. 0 for other
     * backends.
     */
    readonly freed: number;
    /** The part of `step` that the forward pass keeps for the gradient, and the gradients on their way. */
    readonly activations: number;
    /** All gradient threads: the program, the weights, their gradient and the activations of each; 0 where the main thread computes. */
    readonly workers: number;
    readonly host: number;
    /**
     * Where a step's whole state lies on the device: all of it there, with what a step holds besides and without what a compiler saves of it; of several devices, what each of them holds. 0 where
     * tables are on the host. Of an accelerator it is memory of its own, and no part of `peak`.
     */
    readonly device: number;
    /** Most that the regression of a table warm start holds, before there is an optimiser; 0 without it. No part of `peak`'s sum. */
    readonly warmStart: number;
    /**
     * Program, texts and tables with what is most: the warm start, or the steps' tableOptimizer, weights, optimizer, step, freed, workers and host. Backends whose `freed` is 0 may hold freed
     * memory all the same (glibc: 5% to 45% more was seen).
     */
    readonly peak: number;
  };
  /** Multiplications and additions of matrix products in one step. */
  readonly operations: number;
}

/** What a run will take, before it starts: the training of the documents' encoder. */
export interface TrainingPlan extends PassPlan {
  /** That of the query student, which is over when the other begins; null without one. */
  readonly query: PassPlan | null;
  /** The larger of both peaks, in bytes. */
  readonly peak: number;
  /** Devices that compute a step together. */
  readonly devices: number;
  /** Bytes of memory that a device has; null where it does not say, and where tables are on the host. */
  readonly deviceLimit: number | null;
}

/**
 * What a run takes, from the real model, losses and tape at the run's own sizes, on a backend that only counts: nothing of the model is held. Texts are taken to be as long as they
 * may be (`maximumSymbols`, sentences 300), so that real batches need less.
 *
 * Counted are the operations of tfjs, or the compiled kernels where the current backend has them, which keep much less for the gradient.
 *
 * @param dimension the teacher's
 * @throws UsageError `PRODUCT_PRECISION`, `TRAINING_DEVICE_WORKERS`, `TRAINING_DEVICES` for a step that cannot be taken on the current backend
 */
export async function planTraining(
  model: ModelConfig,
  dimension: number,
  training: TrainingConfig,
  { batches, variants = 0, query, corpusBytes }: PlanOptions = {},
): Promise<TrainingPlan> {
  checkStepChoice(training);
  const texts = plannedTexts(training, corpusBytes, model.input === 'text' ? 0 : variants);
  const strings = stringBytes(texts);
  const program = tf.getBackend() === 'tensorflow' ? TENSORFLOW_PROGRAM_BYTES : PROGRAM_BYTES;
  const place = placeOfStep(training);
  const deviceLimit = (place === 'host' ? undefined : deviceMemoryLimit()) ?? null;
  const shared = { dimension, strings, program, keepsFreed: keepsFreedMemory(), place };
  return withCountingBackend(registerCountingKernels, async (backend) => {
    const documents = await planPass(backend, {
      ...shared,
      model,
      training,
      batches: batches ?? plannedBatches(model, training),
      texts,
    });
    const queryPass =
      query &&
      (await planPass(backend, {
        ...shared,
        model: query,
        training: queryTrainingConfig(training),
        batches: queryBatches(query, training),
        texts: queryTexts(texts),
      }));
    const peak = Math.max(documents.memory.peak, queryPass?.memory.peak ?? 0);
    return { ...documents, query: queryPass ?? null, peak, devices: training.devices ?? 1, deviceLimit };
  });
}

interface PlannedPass {
  readonly model: ModelConfig;
  readonly dimension: number;
  readonly training: TrainingConfig;
  readonly batches: readonly PlannedBatch[];
  /** Those that the steps are cut from. */
  readonly texts: readonly PlannedTexts[];
  /** Bytes of all texts of the run. */
  readonly strings: number;
  readonly program: number;
  /** Whether the backend that will compute keeps the memory of freed tensors. */
  readonly keepsFreed: boolean;
  /** Where the state of steps lies: tables on the host, everything on a device that is the host too, or on one with memory of its own. */
  readonly place: 'host' | 'shared' | 'accelerator';
}

function placeOfStep(training: TrainingConfig): PlannedPass['place'] {
  if (!isOnDevice(training, 0, undefined)) return 'host';
  return deviceHasOwnMemory() ? 'accelerator' : 'shared';
}

async function planPass(backend: CountingBackend, pass: PlannedPass): Promise<PassPlan> {
  const { model, dimension, training, batches, texts, program, keepsFreed } = pass;
  const { workers = 1, devices = 1 } = training;
  const part = workers > 1 ? ({ part: 'main' } as const) : {};
  const count = await countDeep(backend, { model, dimension, training, batches, keepsFreed, ...part });
  const share = workers > 1 ? await countShare(backend, pass, workers) : undefined;
  const { parameters, weights, optimizer, activations, update } = count;
  const rowBytes = model.local.dimension * FLOAT_BYTES;
  const symbols = symbolsOf(batches) * (training.accumulate ?? 1);
  const tables = parameters.hashTables * FLOAT_BYTES + BYTE_VOCABULARY * rowBytes;
  const saving = savingBytes(tables, weights, optimizer, training);
  const inUse = Math.max(activations, update);
  const step = Math.max(inUse, saving.backend + saving.host);
  const always = { program, texts: pass.strings + labelBytes(texts, dimension), tables };
  const steps = {
    tableOptimizer: tableOptimizerBytes(model, training),
    weights,
    optimizer,
    step,
    freed: keepsFreed ? inUse + count.freed + saving.host - step : 0,
    workers: share?.bytes ?? 0,
    host: HOST_COPIES * symbols * rowBytes + touchedRows(model, symbols) * rowBytes,
  };
  const warmStart = warmStartBytes(model, dimension, training, texts);
  const divided = devices > 1 ? await countDivided(backend, pass, devices) : { symbols, activations };
  const positions = POSITION_COPIES * divided.symbols * bytesPerSymbol(model);
  const onDevice = {
    tables,
    tableOptimizer: steps.tableOptimizer,
    weights,
    optimizer,
    step: Math.max(divided.activations, update) + (positions + DEVICE_ROW_COPIES * touchedRows(model, symbols)) * rowBytes,
  };
  const device = pass.place === 'host' ? 0 : sumOf(onDevice);
  // The model's tables stay on the host, for measuring and saving.
  const ownMemory = pass.place === 'host' ? sumOf(steps) : steps.host + (pass.place === 'shared' ? devices * device : 0);
  const peak = sumOf(always) + Math.max(ownMemory, weights + warmStart);
  const memory = { ...always, ...steps, device, activations, warmStart, peak };
  return { parameters, batches, memory, operations: share?.operations ?? count.operations };
}

/** What each of several devices holds of a step: the symbols and activations of its share of every batch (of one that cannot be divided, all), and what the losses hold, which see the whole batch. */
async function countDivided(
  backend: CountingBackend,
  { model, dimension, training, batches }: PlannedPass,
  devices: number,
): Promise<{ readonly symbols: number; readonly activations: number }> {
  const share = batches.map((batch) => (batch.size % devices === 0 ? { ...batch, size: batch.size / devices } : batch));
  const count = async (counted: readonly PlannedBatch[], part?: 'main') =>
    (await countDeep(backend, { model, dimension, training, batches: counted, ...(part && { part }) })).activations;
  const losses = (await count(batches, 'main')) - (await count(share, 'main'));
  return { symbols: symbolsOf(share) * (training.accumulate ?? 1), activations: (await count(share)) + losses };
}

/** What the gradient threads of a run take and do, all together; no thread has more texts than the last. */
async function countShare(
  backend: CountingBackend,
  { model, dimension, training, batches }: PlannedPass,
  workers: number,
): Promise<{ bytes: number; operations: number }> {
  const share = batches.map((batch) => ({ ...batch, size: Math.ceil(batch.size / workers) }));
  const count: ModelCount = await countDeep(backend, { model, dimension, training, batches: share, part: 'worker' });
  const { weights, activations, operations } = count;
  const symbols = THREAD_COPIES * symbolsOf(share) * model.local.dimension * FLOAT_BYTES;
  // Each has the weights on its backend and their gradient in shared memory, where the weights themselves lie once; the sum of all gradients is made of them.
  const shared = 2 * weights;
  return {
    bytes: workers * (THREAD_BYTES + 2 * weights + activations + symbols) + shared,
    operations: workers * operations * (training.accumulate ?? 1),
  };
}

function symbolsOf(batches: readonly PlannedBatch[]): number {
  return batches.reduce((sum, { size, symbols }) => sum + size * symbols, 0);
}

function sumOf(bytes: Readonly<Record<string, number>>): number {
  return Object.values(bytes).reduce((sum, part) => sum + part, 0);
}

/** The batches of a configuration, every text as long as it may be. */
function plannedBatches(
  model: ModelConfig,
  { passages, sentences, titles, words, spans, lists = [] }: TrainingConfig,
): PlannedBatch[] {
  const batch = (name: string, size: number | undefined, symbols: number) => ({
    name,
    size: size ?? 0,
    symbols: Math.min(model.maximumSymbols, symbols),
  });
  return [
    batch('passages', passages.batchSize, model.maximumSymbols),
    batch('sentences', sentences.batchSize, LONGEST_SENTENCE),
    batch('titles', titles?.batchSize, LONGEST_SENTENCE),
    batch('words', words?.batchSize, WORD_SYMBOLS),
    batch('spans', spans?.batchSize, (spans?.longest ?? 0) * WORD_SYMBOLS),
    ...lists.map(({ name, batchSize }) => batch(name, batchSize, LONGEST_SENTENCE)),
  ].filter(({ size }) => size > 0);
}

/** Batches of the query student, as `queryTexts` of its training chooses them. */
function queryBatches(query: ModelConfig, training: TrainingConfig): PlannedBatch[] {
  return shortOnes(plannedBatches(query, training)).map(({ size, ...batch }) => ({
    ...batch,
    size: training.query?.batchSize ?? size,
  }));
}

/** Texts are read as they are: no frame is made of them. */
function queryTexts(texts: readonly PlannedTexts[]): PlannedTexts[] {
  return shortOnes(texts).map((part) => ({ ...part, frames: 0 }));
}

/** All but the passages, or these where there are no others. */
function shortOnes<Part extends { readonly name: string }>(parts: readonly Part[]): readonly Part[] {
  const short = parts.filter(({ name }) => name !== 'passages');
  return short.length > 0 ? short : parts;
}

function tableOptimizerBytes(model: ModelConfig, training: TrainingConfig): number {
  const kind = training.optimizer.tables ?? 'adam';
  const { dimension } = model.local;
  const numbers =
    tableOptimizerNumbers(kind, BYTE_VOCABULARY, dimension) +
    ngramTables(model) * tableOptimizerNumbers(kind, model.tables.rows, dimension);
  const averages = training.ema ? tableAverageNumbers(BYTE_VOCABULARY + ngramTables(model) * model.tables.rows, dimension) : 0;
  return (numbers + averages) * FLOAT_BYTES;
}

/** A checkpoint is written from a copy of the optimiser's state, and of the weights one by one; of averaged weights and tables, those that they stand for are kept meanwhile, of the weights with a copy. */
function savingBytes(
  tables: number,
  weights: number,
  optimizer: number,
  training: TrainingConfig,
): { readonly backend: number; readonly host: number } {
  return training.ema ? { backend: weights, host: optimizer + tables + weights } : { backend: 0, host: optimizer };
}

/** Rows of n-gram tables that a step touches, at most. */
function touchedRows(model: ModelConfig, symbols: number): number {
  return ngramTables(model) * Math.min(model.tables.rows, symbols * bytesPerSymbol(model));
}

function bytesPerSymbol(model: ModelConfig): number {
  return model.input === 'symbols' ? BYTES_PER_SYMBOL : 1;
}
