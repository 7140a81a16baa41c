import { tf } from '../../tf.ts';
import { attentionShapes } from '../compiled/attention-shapes.ts';
import { DOUBLE_BYTES, INPUT_WORDS, type OpInput, WORD_BYTES, writeInputs } from './wasm-module.ts';
import type { OpRun, PartRunner } from './wasm-runs.ts';
import type { WasmThreads } from './wasm-threads.ts';

/** Multiplications and additions from which on threads are worth their waking: 1 ms. */
const LEAST_OPERATIONS = 40e6;

/** An op whose batch may be cut: the first axis of its inputs and outputs has as many equal parts as there are texts. */
interface CutOp {
  /** Number of an input that all parts need whole. */
  readonly whole: number;
  outputs(inputs: readonly OpInput[], attributes: OpRun['attributes']): readonly (readonly number[])[];
}

/** Inputs of the ops of attention. */
const [PROJECTIONS, MASK, ANGLES] = [0, 1, 2] as const;
const CUT_OPS: Readonly<Record<string, CutOp>> = {
  CemAttention: {
    whole: ANGLES,
    outputs: (inputs, { heads }) => attentionShapes(inputs[PROJECTIONS]!.shape, inputs[MASK]!.shape, heads as number),
  },
  CemAttentionGradient: { whole: ANGLES, outputs: (inputs) => [inputs[PROJECTIONS]!.shape] },
};

const sizeOf = (shape: readonly number[]): number => tf.util.sizeFromShape([...shape]);

/** Whether threads should have parts of an op. */
export function largeOp({ name, inputs, attributes }: OpRun): boolean {
  if (CUT_OPS[name] === undefined || inputs[MASK]?.shape.length !== 2) return false;
  const [batch, positions] = inputs[MASK].shape as [number, number];
  const reach = Math.min(positions, 2 * (attributes['window'] as number) || positions);
  return batch > 1 && (2 * 2 * sizeOf(inputs[PROJECTIONS]!.shape) * reach) / 3 >= LEAST_OPERATIONS;
}

/**
 * Cuts an op's batch: this thread has the first part, each other one of the following.
 *
 * @returns false, and nothing is done, where it cannot be cut or the threads' memory does not suffice
 */
export function runOpOnThreads(library: PartRunner, threads: WasmThreads, run: OpRun): boolean {
  const { whole, outputs } = CUT_OPS[run.name]!;
  const batch = run.inputs[MASK]!.shape[0]!;
  const count = Math.min(threads.count + 1, batch);
  const ends = Array.from({ length: count }, (_, index) => Math.round((batch * (index + 1)) / count));
  // What does not go together is for the op itself to refuse.
  if (run.inputs.some(({ shape }, index) => index !== whole && shape[0]! % batch !== 0)) return false;
  const shapes = outputs(run.inputs, run.attributes);
  threads.begin();
  const copyOf = (input: OpInput, index: number, from: number, to: number): OpInput | undefined => {
    const part = index === whole ? input : cutInput(input, batch, from, to);
    const address = threads.take(sizeOf(part.shape) * WORD_BYTES);
    if (address === undefined) return undefined;
    threads.floats(address, sizeOf(part.shape)).set(library.floats(part.address, sizeOf(part.shape)));
    return { ...part, address };
  };
  const jobs: {
    readonly from: number;
    readonly outputs: readonly number[];
    readonly block: number;
    readonly inputs: readonly OpInput[];
  }[] = [];
  for (let part = 1; part < count; part++) {
    const [from, to] = [ends[part - 1]!, ends[part]!];
    const inputs = run.inputs.map((input, index) => copyOf(input, index, from, to));
    const made = shapes.map((shape) => threads.take((sizeOf(shape) / batch) * (to - from) * WORD_BYTES));
    const block = threads.take(run.values.length * DOUBLE_BYTES + (inputs.length * INPUT_WORDS + made.length) * WORD_BYTES);
    if (block === undefined || [...inputs, ...made].includes(undefined)) return false;
    jobs.push({ from, outputs: made as number[], block, inputs: inputs as OpInput[] });
  }
  const addresses = shapes.map((shape, index) => library.makeOutput(index, shape));
  threads.startOps(
    jobs.map(({ block, inputs, outputs: made }) => {
      const inputsAt = block + run.values.length * DOUBLE_BYTES;
      const outputsAt = inputsAt + inputs.length * INPUT_WORDS * WORD_BYTES;
      threads.doubles(block, run.values.length).set(run.values);
      writeInputs(threads.integers(inputsAt, inputs.length * INPUT_WORDS), inputs);
      threads.integers(outputsAt, made.length).set(made);
      return { place: run.place, inputs: inputsAt, inputCount: inputs.length, attributes: block, outputs: outputsAt };
    }),
  );
  const own = run.inputs.map((input, index) => (index === whole ? input : cutInput(input, batch, 0, ends[0]!)));
  const good = library.runOp({ ...run, inputs: own }, addresses);
  if (!threads.finish(jobs.length) || !good) {
    // Also for a refusal, which should speak of the whole.
    library.runOp(run, addresses);
    return true;
  }
  for (const [part, job] of jobs.entries()) {
    const items = ends[part + 1]! - job.from;
    shapes.forEach((shape, index) => {
      const item = sizeOf(shape) / batch;
      library
        .floats(addresses[index]! + job.from * item * WORD_BYTES, items * item)
        .set(threads.floats(job.outputs[index]!, items * item));
    });
  }
  return true;
}

/** Texts `from` to `to` of a batch. */
function cutInput({ address, shape: [first, ...rest] }: OpInput, batch: number, from: number, to: number): OpInput {
  const step = first! / batch;
  return { address: address + from * step * sizeOf(rest) * WORD_BYTES, shape: [(to - from) * step, ...rest] };
}
