import type { ModelShape } from './model-shape.ts';
import { type MemoryPlan, planMemory } from './plan-memory.ts';

const GIB = 2 ** 30;
const K = 1024;

/** A row of the table in the LongRAG v4 guide (chapter 12), of Qwen2.5-72B-Instruct in 16 bits, in GB: everything, and keys and values of it. */
interface StatedRow {
  readonly context: number;
  readonly total: number;
  readonly cache: number;
}

const STATED: readonly StatedRow[] = [
  { context: 8 * K, total: 150, cache: 4 },
  { context: 16 * K, total: 155, cache: 8 },
  { context: 32 * K, total: 165, cache: 16 },
  { context: 64 * K, total: 184, cache: 32 },
];
/** The guide's sum for 4 bits on two cards of 24 GB: weights, keys and values, and the rest. */
const STATED_INT4 = { weights: 40, cache: 8, rest: 5, cards: 2, card: 24 } as const;

export interface StatedComparison {
  readonly rows: readonly {
    readonly context: number;
    /** What the guide says, in GB, and what the model's config gives, in GiB. */
    readonly stated: { readonly cache: number; readonly total: number };
    readonly computed: { readonly cache: number; readonly total: number };
  }[];
  /** What is wrong in the guide, in words. */
  readonly errors: readonly string[];
}

/** The guide's table beside what is computed, for a model of the shape that it is about; undefined for any other. */
export function compareWithStated(shape: ModelShape): StatedComparison | undefined {
  if (shape.layers !== 80 || shape.kvHeads !== 8 || shape.headDimension !== 128 || shape.hidden !== 8192) return undefined;
  const plan = (context: number): MemoryPlan =>
    planMemory(shape, { context, batch: 1, weights: 'float16', cache: 'float16', prefill: 2048 });
  const rows = STATED.map(({ context, total, cache }) => {
    const { bytes } = plan(context);
    return { context, stated: { cache, total }, computed: { cache: bytes.cache / GIB, total: bytes.total / GIB } };
  });
  const ofToken = plan(1).bytes.cacheOfToken;
  const factor = rows[0]!.stated.cache / rows[0]!.computed.cache;
  const { weights, cache, rest, cards, card } = STATED_INT4;
  const { bytes } = planMemory(shape, { context: 16 * K, batch: 1, weights: 'int4', cache: 'float16', prefill: 2048 });
  const gib = (size: number): string => (size / GIB).toFixed(1);
  return {
    rows,
    errors: [
      `keys and values: the guide has ${rows.map(({ stated }) => stated.cache).join(', ')} GB, ${factor.toFixed(1)} times too much. 2 x ${shape.layers} layers x ${shape.kvHeads} heads x ${shape.headDimension} numbers x 2 bytes are ${ofToken / K} KiB a token, so ${rows.map(({ computed }) => computed.cache).join(', ')} GiB`,
      `int4 on ${cards} cards of ${card} GB: the guide's ${weights} + ${cache} + ${rest} = ${weights + cache + rest} GB are more than the ${cards * card} GB that there are. Computed, 16K tokens take ${gib(bytes.weights)} + ${gib(bytes.cache)} + ${gib(bytes.activations)} = ${gib(bytes.total)} GiB, beside what programs and allocator take`,
    ],
  };
}
