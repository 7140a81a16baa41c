import { buildGraph, CemModel, type ModelConfig, ngramTables, patchingOf, setRecompute, tf } from '../../model/index.ts';
import type { EncodedChunk, SymbolBatch } from '../../model/symbols/index.ts';
import { HashTables } from '../../model/tables/index.ts';
import type { TrainingBatch } from '../batches/training-batch.ts';
import { cachedGradients, lossGradient } from '../gradients/gradient-caching.ts';
import { type Flatten, wholeGradients } from '../gradients/gradients.ts';
import { createDenseOptimizer } from '../optimizers/create-dense-optimizer.ts';
import { DenseAverages } from '../optimizers/dense-averages.ts';
import { DenseGradient } from '../optimizers/dense-gradient.ts';
import type { DenseOptimizer } from '../optimizers/dense-optimizer.ts';
import type { TrainingConfig } from '../options/config.ts';
import type { CountingBackend } from './counting-backend.ts';
import { countParameters, type ParameterCounts } from './parameters.ts';
import { RegionAllocator } from './region-allocator.ts';

/** With gradient caching, a whole step is counted with so many global blocks and with one more; the line through both is taken for deeper models. */
const FEW_LAYERS = 2;
/** Pieces of a batch after which further ones hold nothing more: the first gradient, and one on its way beside the sum of those before. */
const PIECES = 2;
/** Steps that are counted where freed memory is kept: new weights lie elsewhere than those before, and what lies free between them grows from step to step, after these hardly any more. */
const STEPS_IN_REGIONS = 3;
export const FLOAT_BYTES = Float32Array.BYTES_PER_ELEMENT;

/** Texts of one granularity in a step, and how long the longest of them are taken to be. */
export interface PlannedBatch {
  readonly name: string;
  readonly size: number;
  /** Symbols of every text: the most that one may have. */
  readonly symbols: number;
}

/** What depends on the graph. */
export interface ModelCount {
  readonly parameters: ParameterCounts;
  /** Bytes that are there all the time. */
  readonly weights: number;
  readonly optimizer: number;
  /** Most bytes besides while gradients are computed. */
  readonly activations: number;
  /** Most bytes besides while weights are updated. */
  readonly update: number;
  /** Bytes of freed tensors that the allocator holds beside all of these; 0 where the system has them back. */
  readonly freed: number;
  readonly operations: number;
}

/** What a count is of. */
interface CountedRun {
  readonly model: ModelConfig;
  readonly dimension: number;
  readonly training: TrainingConfig;
  readonly batches: readonly PlannedBatch[];
  /** In a run with gradient threads: the thread that computes losses and updates weights, or one of those that embed; absent: one thread does everything. */
  readonly part?: 'main' | 'worker';
  /** Whether the memory of tensors is kept when they are freed; false by default. */
  readonly keepsFreed?: boolean;
}

/**
 * The count of a run. With gradient caching a step may be hundreds of passes, which take long even to count: then memory is that of a step with few pieces, since the most that is held is a
 * maximum over many moments and no line in the number of blocks, and what every text adds comes from shallow models.
 */
export async function countDeep(backend: CountingBackend, run: CountedRun): Promise<ModelCount> {
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
    countModel(backend, { ...run, model: { ...model, global: { ...model.global, layers: counted } }, keepsFreed: false });
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
  const regions = run.keepsFreed ? new RegionAllocator() : undefined;
  backend.regions = regions;
  const before = backend.bytes;
  const graph = buildGraph(model, dimension);
  setRecompute(graph, training.recompute ?? false);
  const weights = backend.bytes - before;
  const cem = new CemModel(model, dimension, graph, new BlankTables(model));
  const dense = createDenseOptimizer(graph.trainableWeights, training.optimizer);
  const averages = training.ema && new DenseAverages(graph.trainableWeights);
  // Until they are renewed they may share the weights' memory.
  averages?.renew(0);
  const optimizer = backend.bytes - before - weights;
  let step = await countStep(backend, cem, dense, averages, run);
  for (let counted = 1; regions && counted < STEPS_IN_REGIONS; counted++)
    step = await countStep(backend, cem, dense, averages, run);
  const parameters = countParameters(model, graph);
  averages?.dispose();
  dense.dispose();
  cem.dispose();
  return { parameters, weights, optimizer, ...step, freed: regions?.spare ?? 0 };
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
  run: CountedRun,
): Promise<Pick<ModelCount, 'activations' | 'update' | 'operations'>> {
  const { training, part } = run;
  const batches = run.batches.map((batch) => blankBatch(model, batch, training));
  const before = backend.bytes;
  backend.peak = before;
  backend.operations = 0;
  const dense = await gradients(model, batches, optimizer, run);
  // Threads see one group at a time. Elsewhere the sum over earlier groups lies beside the next group's gradients.
  const groups = part === 'worker' ? 1 : (training.accumulate ?? 1);
  const activations = backend.peak - before + (groups > 1 ? dense.size * FLOAT_BYTES : 0);
  const operations = backend.operations * groups;
  backend.peak = backend.bytes;
  if (part !== 'worker') {
    optimizer.apply(dense, training.optimizer.learningRate, 1, 1);
    averages?.renew(0);
  }
  dense.dispose();
  return { activations, update: backend.peak - before, operations };
}

/** The gradients of the weights as this part of a run has them on its backend; the caller owns them. */
async function gradients(
  model: CemModel,
  batches: readonly TrainingBatch[],
  optimizer: DenseOptimizer,
  { training: { loss, gradientCaching }, part }: CountedRun,
): Promise<DenseGradient> {
  if (part === 'main') {
    for (const batch of batches) {
      const student = tf.fill<tf.Rank.R2>([batch.symbols.size, model.dimension], 0);
      await lossGradient(student, batch, model, loss).finally(() => student.dispose());
    }
    return new DenseGradient([tf.fill([model.graph.countParams()], 0)]);
  }
  // A thread reads the gradients weight by weight: it makes no vector of them.
  const flatten: Flatten = part === 'worker' ? () => new DenseGradient([tf.fill([0], 0)]) : (all) => optimizer.flatten(all);
  const { dense } = gradientCaching
    ? await cachedGradients(model, batches, loss, flatten, gradientCaching.microBatch)
    : await wholeGradients(model, batches, loss, flatten);
  return dense;
}

function blankBatch(model: CemModel, { name, size, symbols }: PlannedBatch, { loss }: TrainingConfig): TrainingBatch {
  const { hardNegatives, memory } = loss.infoNce;
  const chunk = blankChunk(model.config, symbols);
  const negatives = size * (hardNegatives?.perText ?? 0) + (memory?.size ?? 0);
  return {
    name,
    weight: 1,
    symbols: model.batch(Array.from({ length: size }, () => chunk)),
    targets: new Float32Array(size * model.dimension),
    ...(negatives > 0 && { negatives: new Float32Array(negatives * model.dimension) }),
  };
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
