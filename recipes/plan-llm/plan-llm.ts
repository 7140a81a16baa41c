import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextIfThere, UsageError } from '../../base/index.ts';
import {
  affordableInput,
  type CacheFormat,
  compareWithStated,
  type MemoryPlan,
  type ModelShape,
  planMemory,
  type QueryCost,
  queryCost,
  readModelShape,
  STATED_COST,
  type StatedComparison,
  type WeightFormat,
} from '../../eval/serving/index.ts';

export interface PlanLlmOptions {
  /** A model's config.json, or the folder that it lies in. */
  readonly config: string;
  /** Tokens of a sequence; several make several rows. 8K, 16K, 32K and 64K unless given, as far as the model's positions go. */
  readonly context?: readonly number[] | undefined;
  /** Sequences at once; 1 unless given. */
  readonly batch?: number | undefined;
  /** As the config says unless given. */
  readonly weights?: WeightFormat | undefined;
  /** float16 unless given. */
  readonly cache?: CacheFormat | undefined;
  /** Tokens of prompts in one step; 2048 unless given. */
  readonly prefill?: number | undefined;
  /** Memory of one device in GiB, and how many there are (1). */
  readonly deviceMemory?: number | undefined;
  readonly devices?: number | undefined;
  /** Tokens of a query, for its price. */
  readonly tokensIn?: number | undefined;
  readonly tokensOut?: number | undefined;
  readonly tokensCached?: number | undefined;
  /** Of a million tokens; GPT-4o's as the guide has them, 2.5 and 10, unless given. */
  readonly priceIn?: number | undefined;
  readonly priceOut?: number | undefined;
  readonly priceCached?: number | undefined;
}

export interface LlmPlan {
  readonly config: string;
  readonly model: ModelShape;
  readonly plans: readonly (MemoryPlan & {
    /** Whether the devices hold it; null where no device is named. */
    readonly fits: boolean | null;
  })[];
  readonly devices: { readonly count: number; readonly gib: number } | null;
  /** The guide's table beside ours; null for models that it is not about. */
  readonly stated: StatedComparison | null;
  /** Null where no tokens are named. */
  readonly cost:
    | (QueryCost & {
        readonly tokens: { readonly input: number; readonly output: number; readonly cached: number };
        readonly prices: { readonly input: number; readonly output: number; readonly cached: number };
        /** The guide's price of a query, and the input tokens that it pays for beside this output. */
        readonly stated: { readonly query: number; readonly pays_for_input: number };
      })
    | null;
}

const K = 1024;
const GIB = 2 ** 30;
const CONTEXTS = [8 * K, 16 * K, 32 * K, 64 * K];
const PREFILL = 2048;

/**
 * Says what serving a language model takes: memory from its config.json, and the price of a query.
 *
 * @throws UsageError `PLAN_LLM_FILE`, `PLAN_LLM_NUMBER`; CemError `PLAN_LLM_CONFIG`
 */
export async function planLlm(options: PlanLlmOptions): Promise<LlmPlan> {
  assertNumbers(options);
  const { path, value } = await readConfig(options.config);
  const model = readModelShape(value, path);
  const { batch = 1, weights = formatOf(model), cache = 'float16', prefill = PREFILL, deviceMemory, devices = 1 } = options;
  const plans = contextsOf(options, model).map((context) => {
    const plan = planMemory(model, { context, batch, weights, cache, prefill });
    return { ...plan, fits: deviceMemory === undefined ? null : plan.bytes.total <= devices * deviceMemory * GIB };
  });
  return {
    config: path,
    model,
    plans,
    devices: deviceMemory === undefined ? null : { count: devices, gib: deviceMemory },
    stated: compareWithStated(model) ?? null,
    cost: costOf(options),
  };
}

async function readConfig(given: string): Promise<{ readonly path: string; readonly value: unknown }> {
  const isFolder = await stat(given).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  const path = isFolder ? join(given, 'config.json') : given;
  const text = await readTextIfThere(path);
  if (text === undefined) {
    throw new UsageError('PLAN_LLM_FILE', `${path} is not there: name a model's config.json, or its folder`, {
      details: { path },
    });
  }
  try {
    return { path, value: JSON.parse(text) };
  } catch {
    return { path, value: undefined };
  }
}

function assertNumbers(options: PlanLlmOptions): void {
  const whole = { batch: options.batch, prefill: options.prefill, devices: options.devices };
  const contexts = (options.context ?? []).map((tokens) => ['context', tokens] as const);
  const atLeastOne = [...contexts, ...Object.entries(whole)].find(
    ([, value]) => value !== undefined && (!Number.isSafeInteger(value) || value < 1),
  );
  const { deviceMemory, tokensIn, tokensOut, tokensCached, priceIn, priceOut, priceCached } = options;
  const amounts = { deviceMemory, tokensIn, tokensOut, tokensCached, priceIn, priceOut, priceCached };
  const negative = Object.entries(amounts).find(([, value]) => value !== undefined && !(value >= 0 && Number.isFinite(value)));
  const wrong = atLeastOne ?? negative;
  if (wrong !== undefined) {
    throw new UsageError(
      'PLAN_LLM_NUMBER',
      `${wrong[0]} ${wrong[1]} is ${atLeastOne ? 'no whole number from 1' : 'no amount from 0'}`,
      { details: { name: wrong[0], value: wrong[1] } },
    );
  }
  if ((tokensCached ?? 0) > (tokensIn ?? 0)) {
    throw new UsageError('PLAN_LLM_NUMBER', `of ${tokensIn ?? 0} input tokens ${tokensCached} cannot come from a cache`);
  }
}

function contextsOf({ context }: PlanLlmOptions, { maximumContext }: ModelShape): readonly number[] {
  if (context !== undefined && context.length > 0) return context;
  const possible = CONTEXTS.filter((tokens) => maximumContext === null || tokens <= maximumContext);
  return possible.length > 0 ? possible : [maximumContext!];
}

function formatOf({ dtype }: ModelShape): WeightFormat {
  return dtype === 'float32' ? 'float32' : 'float16';
}

function costOf(options: PlanLlmOptions): LlmPlan['cost'] {
  const { tokensIn, tokensOut = 0, tokensCached = 0 } = options;
  if (tokensIn === undefined) return null;
  const { priceIn = STATED_COST.prices.input, priceOut = STATED_COST.prices.output, priceCached = priceIn } = options;
  const prices = { input: priceIn, output: priceOut };
  return {
    ...queryCost({ input: tokensIn, output: tokensOut, cached: tokensCached }, { ...prices, cachedInput: priceCached }),
    tokens: { input: tokensIn, output: tokensOut, cached: tokensCached },
    prices: { ...prices, cached: priceCached },
    stated: { query: STATED_COST.query, pays_for_input: affordableInput(STATED_COST.query, tokensOut, prices) },
  };
}
