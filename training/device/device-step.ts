import assert from 'node:assert/strict';
import type { CemModel } from '../../model/index.ts';
import { setRecompute, tf } from '../../model/index.ts';
import type { TrainingBatch } from '../batches/training-batch.ts';
import { averageDecay } from '../optimizers/average-decay.ts';
import { tableOptimizerNumbers } from '../optimizers/create-table-optimizer.ts';
import { learningRateShare } from '../optimizers/schedules.ts';
import type { StateArrays } from '../optimizers/state-arrays.ts';
import type { TrainingConfig } from '../options/config.ts';
import type { MetricsLine } from '../runs/metrics-lines.ts';
import type { StepResult } from '../runs/step-result.ts';
import { deviceMemoryUsed, explainDeviceError } from './choose-step.ts';
import { createDenseRule } from './create-dense-rule.ts';
import { DeviceState } from './device-state.ts';
import type { OptimizerStep, StepGroups } from './optimizer-step.ts';
import { type StepNumbers, type StepSetting, stepNumbers } from './step-functions.ts';
import { type MadeInputs, StepInputMaker } from './step-inputs.ts';
import { StepPrograms } from './step-programs.ts';
import { type FitShape, paddingShare } from './step-shape.ts';
import { createTableRule } from './table-rules.ts';
import { leavesOf } from './tensor-tree.ts';

/**
 * An optimiser step whose whole state lies on the backend: weights, moments, tables and averages go in and come out as tensors, and one small tensor is read at its end. Where the
 * backend compiles functions, a step of whole batches is one program. The results are those of `TrainingStep` up to rounding, and checkpoints go from one to the other.
 */
export class DeviceTrainingStep implements OptimizerStep {
  readonly #config: TrainingConfig;
  readonly #state: DeviceState;
  readonly #setting: StepSetting;
  readonly #programs: StepPrograms;
  readonly #inputs: StepInputMaker;
  readonly #fit: FitShape | undefined;
  /** The next step's tensors. */
  #ready: { readonly groups: StepGroups; readonly made: MadeInputs } | undefined;
  /** Sum of the steps' shares of padding since the last line of metrics, and how many steps they are. */
  #padding = { sum: 0, steps: 0 };

  /**
   * Takes the weights out of the model's graph until `dispose`: until then the graph reads them here.
   *
   * @param fit what steps are padded to; absent: nothing is padded
   */
  constructor(model: CemModel, config: TrainingConfig, fit?: FitShape) {
    this.#fit = fit;
    this.#config = config;
    const { optimizer, loss, accumulate = 1, gradientCaching, devices = 1 } = config;
    const dense = createDenseRule(model.graph.trainableWeights, optimizer);
    const table = createTableRule(optimizer.tables ?? 'adam', optimizer);
    setRecompute(model.graph, config.recompute ?? false);
    this.#state = new DeviceState(model, dense.kinds, table.kinds, config.ema?.decay);
    const { lent } = this.#state;
    const { clipNorm } = optimizer;
    this.#setting = { model, lent, loss, dense, table, clipNorm, groups: accumulate, devices, batches: [], terms: [] };
    this.#programs = new StepPrograms(this.#setting);
    this.#inputs = new StepInputMaker(model, gradientCaching?.microBatch);
  }

  /**
   * A step on one batch a granularity.
   *
   * @param step from 0 on
   */
  run(batches: readonly TrainingBatch[], step: number): Promise<StepResult> {
    return this.runAccumulated([batches], step);
  }

  /**
   * A step on the mean gradient of several groups of batches.
   *
   * @param step from 0 on
   * @param next the groups of the step that is taken next: where the backend computes beside this thread, they are made ready meanwhile
   */
  async runAccumulated(groups: StepGroups, step: number, next?: Promise<StepGroups>): Promise<StepResult> {
    this.#checkBatches(groups);
    this.#state.hide();
    const made = this.#inputsOf(groups);
    const texts = groups[0]!.map(({ symbols }) => symbols.size);
    this.#padding.sum += paddingShare(made.exact, made.padded, texts);
    this.#padding.steps++;
    const { optimizer, schedule, steps, ema } = this.#config;
    const share = learningRateShare(step, { steps, ...schedule });
    const rates = {
      denseRate: optimizer.learningRate * share,
      tablesRate: optimizer.tablesLearningRate * share,
      decay: ema ? averageDecay(ema.decay, step + 1) : 0,
      step: step + 1,
    };
    const kept = this.#state.keptShares(made.touched, made.padded.rows, step);
    const numbers = { numbers: tf.tensor1d(stepNumbers(this.#setting, rates)), ...(kept && { kept }) };
    const report = this.#take(made, numbers);
    this.#state.stepDone(made.touched, step);
    try {
      const reading = report.data();
      await Promise.allSettled([this.#makeReady(next), reading]);
      const [loss, ...others] = await reading.catch((error: unknown) => {
        // A device that computes beside this thread says here that it could not.
        throw explainDeviceError(error);
      });
      const gradientNorm = others.pop()!;
      const terms = Object.fromEntries(this.#setting.terms.flat().map((name, index) => [name, others[index]!]));
      return { loss: loss!, terms, gradientNorm, learningRate: rates.denseRate };
    } finally {
      report.dispose();
    }
  }

  /** The tensors of a step, which may have been made while the step before it was computed. */
  #inputsOf(groups: StepGroups): MadeInputs {
    const ready = this.#ready;
    this.#ready = undefined;
    if (ready?.groups === groups) return ready.made;
    if (ready) tf.dispose(leavesOf(ready.made.inputs));
    return this.#inputs.make(groups, this.#fit);
  }

  /** What cannot be made ready is made when it is asked for, and its error is thrown there. */
  async #makeReady(next: Promise<StepGroups> | undefined): Promise<void> {
    if (!next || !this.#fit) return;
    const groups = await next;
    this.#ready = { groups, made: this.#inputs.make(groups, this.#fit) };
  }

  /** Replaces the state; what the step was made from is disposed of. */
  #take({ inputs }: MadeInputs, numbers: StepNumbers): tf.Tensor1D {
    try {
      const { state, report } = this.#programs.step(this.#state.tensors, inputs, numbers);
      this.#state.replace(state);
      return report;
    } catch (error) {
      throw explainDeviceError(error);
    } finally {
      tf.dispose([...leavesOf(inputs), ...leavesOf(numbers)]);
    }
  }

  /** Programs have the batches' names and weights in them. */
  #checkBatches(groups: StepGroups): void {
    const setting = this.#setting;
    if (setting.batches.length === 0) setting.batches = groups[0]!.map(({ name, weight }) => ({ name, weight }));
    const first = setting.batches;
    for (const batches of groups)
      assert.ok(
        batches.length === first.length &&
          batches.every(({ name, weight }, index) => name === first[index]!.name && weight === first[index]!.weight),
        'every step has batches of the same kinds',
      );
    assert.equal(groups.length, this.#setting.groups, 'as many groups as training.accumulate says');
  }

  /** Puts the weights and tables of the last step into the model, averaged where the configuration has averages: what is measured, saved and searched with. */
  showAverages(): Promise<void> {
    return this.#state.show();
  }

  /** What a checkpoint has to hold beside the model to go on to the byte; the arrays are valid until the next step. */
  arrays(): Promise<StateArrays> {
    return this.#state.arrays();
  }

  /**
   * Takes up what `arrays` gave, here or of a `TrainingStep`, the model being that of the same checkpoint.
   *
   * @throws CemError `CHECKPOINT_SHAPE` when it is that of another configuration
   */
  restore(arrays: StateArrays): void {
    this.#state.restore(arrays);
  }

  /** Programs that the backend has made so far; 0 where it makes none. */
  get compilations(): number {
    return this.#programs.compilations;
  }

  /** Programs, padding and the device's memory, where the backend makes programs; `padding_share` is the mean over the steps since the last call. */
  metrics(): Partial<MetricsLine> {
    if (!this.#fit) return {};
    const { sum, steps } = this.#padding;
    this.#padding = { sum: 0, steps: 0 };
    const memory = deviceMemoryUsed();
    return {
      compilations: this.compilations,
      padding_share: sum / Math.max(1, steps),
      ...(memory !== undefined && { device_memory: memory }),
    };
  }

  /** Gives the graph its weights back. */
  dispose(): void {
    if (this.#ready) tf.dispose(leavesOf(this.#ready.made.inputs));
    this.#ready = undefined;
    this.#programs.dispose();
    this.#state.dispose();
  }
}

/** Bytes of the state of a `DeviceTrainingStep`. */
export function stateBytes(model: CemModel, { optimizer, ema }: TrainingConfig): number {
  const weights = model.graph.trainableWeights;
  const numbers = (shape: readonly number[]) => tf.util.sizeFromShape([...shape]);
  const own = weights.reduce((sum, { shape }) => sum + numbers(shape as number[]), 0);
  const moments = createDenseRule(weights, optimizer).kinds.flatMap(({ members }) => members.map(({ shape }) => numbers(shape)));
  const averages = ema ? 2 : 1;
  const { dimension, tables } = model.tables;
  const rows = tables.reduce(
    (sum, { length }) => sum + tableOptimizerNumbers(optimizer.tables ?? 'adam', length / dimension, dimension),
    0,
  );
  const all = averages * (own + model.tables.size) + moments.reduce((sum, size) => sum + size, 0) + rows;
  return all * Float32Array.BYTES_PER_ELEMENT;
}
