import { tf } from '../../model/index.ts';
import {
  addGradients,
  embedPart,
  type Gradients,
  groupGradients,
  partGradients,
  type StepNumbers,
  type StepSetting,
  type StepState,
  touchedRows,
  updated,
  vectorGradients,
} from './step-functions.ts';
import type { BatchInputs, BatchTargets, PartInputs, StepInputs } from './step-inputs.ts';
import { leavesOf, TreeFunction } from './tensor-tree.ts';

/** What gradients read. */
interface Read {
  readonly weights: readonly tf.Tensor[];
  readonly tables: readonly tf.Tensor2D[];
  /** Rows of the tables that the step touches. */
  readonly rows: readonly tf.Tensor1D[];
}

/** Loss and terms of a group, or of each of its batches. */
type Values = readonly tf.Tensor1D[];

interface WholeInput {
  readonly state: StepState;
  readonly batches: readonly BatchInputs[];
  readonly rows: readonly tf.Tensor1D[];
  readonly numbers: StepNumbers;
}

interface UpdateInput {
  readonly state: StepState;
  readonly sums: Gradients;
  readonly values: readonly Values[];
  readonly rows: readonly tf.Tensor1D[];
  readonly numbers: StepNumbers;
}

interface VectorInput {
  readonly students: readonly tf.Tensor2D[];
  readonly targets: BatchTargets;
}

interface PieceInput {
  readonly read: Read;
  readonly sums: Gradients;
  readonly part: PartInputs;
  readonly upstream: tf.Tensor2D;
}

interface StepOutput {
  readonly state: StepState;
  readonly report: tf.Tensor1D;
}

/**
 * The functions that a step is made of. A step of whole batches without accumulation is one of them. With groups or pieces, each is a call of one function that adds its gradients to sums,
 * whose memory it takes over: neither memory nor the size of a program grows with their number.
 */
export class StepPrograms {
  readonly #whole: TreeFunction<WholeInput, StepOutput>;
  readonly #update: TreeFunction<UpdateInput, StepOutput>;
  readonly #group: TreeFunction<
    { read: Read; sums: Gradients; batches: readonly BatchInputs[] },
    { sums: Gradients; values: Values }
  >;
  readonly #embed: TreeFunction<{ read: Read; part: PartInputs }, { vectors: tf.Tensor2D }>;
  readonly #piece: TreeFunction<PieceInput, { sums: Gradients }>;
  /** One for each batch of a group: their names and weights are in them. */
  readonly #vectors: TreeFunction<VectorInput, { upstream: tf.Tensor2D[]; values: tf.Tensor1D }>[] = [];
  readonly #setting: StepSetting;

  constructor(setting: StepSetting) {
    this.#setting = setting;
    const { devices } = setting;
    this.#whole = new TreeFunction(
      'training step',
      ({ state, batches, rows, numbers }) => {
        const { gradients, values } = groupGradients(setting, state.weights, touchedRows(state.tables, rows), batches);
        return updated(setting, state, rows, gradients, [[values]], numbers);
      },
      { donated: ['state'], divided: ['batches'], devices },
    );
    this.#update = new TreeFunction(
      'update',
      ({ state, sums, values, rows, numbers }) => updated(setting, state, rows, sums, values, numbers),
      { donated: ['state', 'sums'], devices },
    );
    this.#group = new TreeFunction(
      'gradients of a group',
      ({ read, sums, batches }) => {
        const { gradients, values } = groupGradients(setting, read.weights, touchedRows(read.tables, read.rows), batches);
        return { sums: addGradients(sums, gradients), values: [values] };
      },
      { donated: ['sums'], divided: ['batches'], devices },
    );
    this.#embed = new TreeFunction(
      'vectors of a piece',
      ({ read, part }) => ({ vectors: embedPart(setting, read.weights, touchedRows(read.tables, read.rows), part) }),
      { divided: ['part'], devices },
    );
    this.#piece = new TreeFunction(
      'gradients of a piece',
      ({ read, sums, part, upstream }) => {
        const touched = touchedRows(read.tables, read.rows);
        return { sums: addGradients(sums, partGradients(setting, read.weights, touched, part, upstream)) };
      },
      { donated: ['sums'], divided: ['part'], devices },
    );
  }

  /** A step. It disposes of the state; the results are the caller's, inputs and numbers stay it. */
  step(state: StepState, { groups, rows }: StepInputs, numbers: StepNumbers): StepOutput {
    const inPieces = groups.some((batches) => batches.some(({ parts }) => parts.length > 1));
    if (groups.length === 1 && !inPieces) return this.#whole.run({ state, batches: groups[0]!, rows, numbers });
    const read = { weights: state.weights, tables: state.tables, rows };
    let sums = zeros(read);
    const values: Values[] = [];
    try {
      for (const batches of groups) {
        const next = inPieces ? this.#pieces(read, sums, batches) : this.#group.run({ read, sums, batches });
        sums = next.sums;
        values.push(next.values);
      }
      return this.#update.run({ state, sums, values, rows, numbers });
    } finally {
      tf.dispose([...leavesOf(sums), ...leavesOf(values)]);
    }
  }

  /** Gradient caching: all pieces are embedded, the losses give the gradients for their vectors, and each piece is embedded again with its gradient sent back through it. */
  #pieces(read: Read, before: Gradients, batches: readonly BatchInputs[]): { sums: Gradients; values: Values } {
    let sums = before;
    const values = batches.map((batch, index): tf.Tensor1D => {
      const { parts, ...targets } = batch;
      const students = parts.map((part) => this.#embed.run({ read, part }).vectors);
      const outer = this.#vectorsOf(index).run({ students, targets });
      tf.dispose(students);
      parts.forEach((part, place) => {
        const upstream = outer.upstream[place]!;
        sums = this.#piece.run({ read, sums, part, upstream }).sums;
        upstream.dispose();
      });
      return outer.values;
    });
    return { sums, values };
  }

  #vectorsOf(index: number): TreeFunction<VectorInput, { upstream: tf.Tensor2D[]; values: tf.Tensor1D }> {
    this.#vectors[index] ??= new TreeFunction(
      'losses of a batch',
      ({ students, targets }) => vectorGradients(this.#setting, students, targets, index),
      { devices: this.#setting.devices },
    );
    return this.#vectors[index]!;
  }

  get #all(): readonly { readonly compilations: number; dispose(): void }[] {
    return [this.#whole, this.#update, this.#group, this.#embed, this.#piece, ...this.#vectors];
  }

  /** Programs that the backend has made so far; 0 where it makes none. */
  get compilations(): number {
    return this.#all.reduce((sum, { compilations }) => sum + compilations, 0);
  }

  dispose(): void {
    for (const part of this.#all) part.dispose();
  }
}

/** What sums of gradients begin with; the caller owns it. */
function zeros({ weights, tables, rows }: Read): Gradients {
  return {
    weights: weights.map(({ shape }) => tf.zeros(shape)),
    rows: tables.map((table, index) => tf.zeros([rows[index]!.size, table.shape[1]])),
  };
}
