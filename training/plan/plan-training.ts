import type { tf } from '../../model/backend/tf.ts';
import { type ModelConfig, ngramTables, patchingOf } from '../../model/config.ts';
import { CemModel } from '../../model/embedder.ts';
import { buildGraph } from '../../model/graph.ts';
import { HashTables } from '../../model/hash-tables.ts';
import { TransformerBlock } from '../../model/layers/transformer-block.ts';
import { BYTE_VOCABULARY } from '../../model/ngram-hash.ts';
import type { EncodedChunk, SymbolBatch } from '../../model/symbol-batch.ts';
import type { TrainingConfig } from '../config.ts';
import { cachedGradients } from '../gradient-caching.ts';
import { wholeGradients } from '../gradients.ts';
import { createDenseOptimizer } from '../optimizers/create-dense-optimizer.ts';
import { tableOptimizerNumbers } from '../optimizers/create-table-optimizer.ts';
import { DenseAverages } from '../optimizers/dense-averages.ts';
import type { DenseOptimizer } from '../optimizers/dense-optimizer.ts';
import { tableAverageNumbers } from '../optimizers/table-averages.ts';
import type { TrainingBatch } from '../training-batch.ts';
import { type CountingBackend, withCountingBackend } from './counting-backend.ts';
import { registerCountingKernels } from './counting-kernels.ts';
import { countParameters, type ParameterCounts } from './parameters.ts';

/** With gradient caching, a whole step is counted with so many global blocks and with one more; the line through both is taken for deeper models. */
const FEW_LAYERS = 2;
/** Pieces of a batch after which further ones hold nothing more: the first gradient, and one on its way beside the sum of those before. */
const PIECES = 2;
const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;
/** Node with tsx, tfjs, zstd and TensorFlow's library: 300 to 360 MB resident before the first step (measured, Linux x64). */
const PROGRAM_BYTES = 330e6;
/** Copies of a batch's symbol embeddings on the host: the sums of rows, the gradient, the gradient in the kernels' memory. */
const HOST_COPIES = 3;
/** Longest sentence in characters (data/sentences.ts); a symbol stands for one byte at least. */
const SENTENCE_SYMBOLS = 300;
/** Of a long word with the space behind it. */
const WORD_SYMBOLS = 16;
/** Bytes of text that a symbol stands for: 2 to 4 in frames of technical prose at level 19. */
const BYTES_PER_SYMBOL = 3;

/** Texts of one granularity in a step, and how long the longest of them are taken to be. */
export interface PlannedBatch {
  readonly name: string;
  readonly size: number;
  /** Symbols of every text: the most that one may have. */
  readonly symbols: number;
}

/** What a run will take, before it starts. */
export interface TrainingPlan {
  readonly parameters: ParameterCounts;
  readonly batches: readonly PlannedBatch[];
  /** Bytes. */
  readonly memory: {
    readonly program: number;
    readonly tables: number;
    /** State of the tables' optimiser, and averages of the tables. */
    readonly tableOptimizer: number;
    readonly weights: number;
    /** State of the weights' optimiser, and averages of the weights. */
    readonly optimizer: number;
    /** Most that a step holds besides: activations and gradients, the optimiser's intermediate results, or the copies that a checkpoint is written from, whichever is most. */
    readonly step: number;
    /** Of that, what the forward pass keeps for the gradient, and the gradients on their way. */
    readonly activations: number;
    readonly host: number;
    /** Sum of program, tables, tableOptimizer, weights, optimizer, step and host: what is in use. An allocator may hold freed memory besides (glibc: 5% to 45% more was seen). */
    readonly peak: number;
  };
  /** Multiplications and additions of matrix products in one step. */
  readonly operations: number;
}

/**
 * What a run takes, from the real model, losses and tape at the run's own sizes, on a backend that only counts: nothing of the model is held. Texts are taken to be as long as they
 * may be (`maximumSymbols`, sentences 300), so that real batches need less.
 *
 * @param dimension the teacher's
 * @param batches instead of the configuration's own
 */
export async function planTraining(
  model: ModelConfig,
  dimension: number,
  training: TrainingConfig,
  batches: readonly PlannedBatch[] = plannedBatches(model, training),
): Promise<TrainingPlan> {
  return withCountingBackend(registerCountingKernels, async (backend) => {
    const { parameters, weights, optimizer, activations, update, operations } = await countDeep(backend, {
      model,
      dimension,
      training,
      batches,
    });
    const rowBytes = model.local.dimension * FLOAT_BYTES;
    const symbols = batches.reduce((sum, batch) => sum + batch.size * batch.symbols, 0) * (training.accumulate ?? 1);
    const tables = parameters.hashTables * FLOAT_BYTES + BYTE_VOCABULARY * rowBytes;
    const parts = {
      program: PROGRAM_BYTES,
      tables,
      tableOptimizer: tableOptimizerBytes(model, training),
      weights,
      optimizer,
      step: Math.max(activations, update, savingBytes(tables, weights, optimizer, training)),
      host: HOST_COPIES * symbols * rowBytes + touchedRows(model, symbols) * rowBytes,
    };
    const peak = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0);
    return { parameters, batches, memory: { ...parts, activations, peak }, operations };
  });
}

/** What depends on the graph. */
interface ModelCount {
  readonly parameters: ParameterCounts;
  /** Bytes that are there all the time. */
  readonly weights: number;
  readonly optimizer: number;
  /** Most bytes besides while gradients are computed. */
  readonly activations: number;
  /** Most bytes besides while weights are updated. */
  readonly update: number;
  readonly operations: number;
}

/** What a count is of. */
interface CountedRun {
  readonly model: ModelConfig;
  readonly dimension: number;
  readonly training: TrainingConfig;
  readonly batches: readonly PlannedBatch[];
}

/**
 * The count of a run. With gradient caching a step may be hundreds of passes, which take long even to count: then memory is that of a step with few pieces, since the most that is held is a
 * maximum over many moments and no line in the number of blocks, and what every text adds comes from shallow models.
 */
async function countDeep(backend: CountingBackend, run: CountedRun): Promise<ModelCount> {
  const { model, training, batches } = run;
  const { layers } = model.global;
  const largest = PIECES * (training.gradientCaching?.microBatch ?? Number.POSITIVE_INFINITY);
  const deep = await countModel(backend, {
    ...run,
    batches: batches.map((batch) => ({ ...batch, size: Math.min(batch.size, largest) })),
  });
  if (batches.every(({ size }) => size <= largest)) return deep;
  const few = Math.min(layers, FEW_LAYERS);
  const whole = (counted: number) =>
    countModel(backend, { ...run, model: { ...model, global: { ...model.global, layers: counted } } });
  const [shallow, next] = [await whole(few), await whole(few + 1)];
  const line = (from: number, to: number) => from + (layers - few) * (to - from);
  return {
    ...deep,
    activations: Math.max(deep.activations, line(shallow.activations, next.activations)),
    operations: line(shallow.operations, next.operations),
  };
}

async function countModel(backend: CountingBackend, run: CountedRun): Promise<ModelCount> {
  const { model, dimension, training } = run;
  const before = backend.bytes;
  const graph = buildGraph(model, dimension);
  for (const layer of graph.layers) if (layer instanceof TransformerBlock) layer.recompute = training.recompute ?? false;
  const weights = backend.bytes - before;
  const cem = new CemModel(model, dimension, graph, new BlankTables(model));
  const dense = createDenseOptimizer(graph.trainableWeights, training.optimizer);
  const averages = training.ema && new DenseAverages(graph.trainableWeights);
  // Until they are renewed they may share the weights' memory.
  averages?.renew(0);
  const optimizer = backend.bytes - before - weights;
  const step = await countStep(backend, cem, dense, averages, run);
  const parameters = countParameters(model, graph);
  averages?.dispose();
  dense.dispose();
  cem.dispose();
  return { parameters, weights, optimizer, ...step };
}

/** The batches of a configuration, every text as long as it may be. */
function plannedBatches(model: ModelConfig, { passages, sentences, titles, words, spans }: TrainingConfig): PlannedBatch[] {
  const batch = (name: string, size: number | undefined, symbols: number) => ({
    name,
    size: size ?? 0,
    symbols: Math.min(model.maximumSymbols, symbols),
  });
  return [
    batch('passages', passages.batchSize, model.maximumSymbols),
    batch('sentences', sentences.batchSize, SENTENCE_SYMBOLS),
    batch('titles', titles?.batchSize, SENTENCE_SYMBOLS),
    batch('words', words?.batchSize, WORD_SYMBOLS),
    batch('spans', spans?.batchSize, (spans?.longest ?? 0) * WORD_SYMBOLS),
  ].filter(({ size }) => size > 0);
}

/** Tables that are never read: embeddings of the right size, and no memory. */
class BlankTables extends HashTables {
  constructor(model: ModelConfig) {
    super(model.local.dimension, ngramTables(model), 1);
  }

  override embed(batch: SymbolBatch): Float32Array {
    return new Float32Array(batch.size * batch.symbols * this.dimension);
  }
}

/** Bytes and operations of one step. */
async function countStep(
  backend: CountingBackend,
  model: CemModel,
  optimizer: DenseOptimizer,
  averages: DenseAverages | undefined,
  { training, batches: planned }: CountedRun,
): Promise<Pick<ModelCount, 'activations' | 'update' | 'operations'>> {
  const { hardNegatives, memory } = training.loss.infoNce;
  const batches = planned.map((batch): TrainingBatch => {
    const chunk = blankChunk(model.config, batch.symbols);
    const negatives = batch.size * (hardNegatives?.perText ?? 0) + (memory?.size ?? 0);
    return {
      name: batch.name,
      weight: 1,
      symbols: model.batch(Array.from({ length: batch.size }, () => chunk)),
      targets: new Float32Array(batch.size * model.dimension),
      ...(negatives > 0 && { negatives: new Float32Array(negatives * model.dimension) }),
    };
  });
  const before = backend.bytes;
  backend.peak = before;
  backend.operations = 0;
  const { loss, gradientCaching } = training;
  const flatten = (gradients: readonly tf.Tensor[]) => optimizer.flatten(gradients);
  const { dense } = gradientCaching
    ? await cachedGradients(model, batches, loss, flatten, gradientCaching.microBatch)
    : await wholeGradients(model, batches, loss, flatten);
  const groups = training.accumulate ?? 1;
  // The sum over earlier groups lies beside the next group's gradients.
  const activations = backend.peak - before + (groups > 1 ? dense.size * FLOAT_BYTES : 0);
  const operations = backend.operations * groups;
  backend.peak = backend.bytes;
  optimizer.apply(dense, training.optimizer.learningRate, 1, 1);
  averages?.renew(0);
  dense.dispose();
  return { activations, update: backend.peak - before, operations };
}

/** A chunk of literals. */
function blankChunk(model: ModelConfig, count: number): EncodedChunk {
  const patchSize = patchingOf(model).kind === 'static' ? undefined : model.patchSize;
  return {
    count,
    lengths: new Uint32Array(count).fill(1),
    kinds: new Uint8Array(count).fill(1),
    rows: Array.from({ length: 1 + ngramTables(model) }, () => new Int32Array(count)),
    ...(patchSize && {
      patchStarts: Uint32Array.from({ length: Math.ceil(count / patchSize) }, (_, patch) => patch * patchSize),
    }),
  };
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

/** A checkpoint is written from copies of what lies on the backend; of averaged weights and tables, those that they stand for are kept meanwhile. */
function savingBytes(tables: number, weights: number, optimizer: number, training: TrainingConfig): number {
  const copies = weights + optimizer;
  /** The weights that are kept on the backend, and their copy. */
  const kept = tables + 2 * weights;
  return training.ema ? copies + kept : copies;
}

/** Rows of n-gram tables that a step touches, at most. */
function touchedRows(model: ModelConfig, symbols: number): number {
  const positions = symbols * (model.input === 'symbols' ? BYTES_PER_SYMBOL : 1);
  return ngramTables(model) * Math.min(model.tables.rows, positions);
}
