import { CACHE_FORMATS, WEIGHT_FORMATS } from '../../eval/serving/index.ts';
import { type LlmPlan, type PlanLlmOptions, planLlm } from '../../recipes/plan-llm/index.ts';
import { defineCommand } from '../command.ts';
import { formatLlmPlan } from '../text/llm-plan-text.ts';

/** Memory and price of a language model that answers. */
export const planLlmCommand = defineCommand<PlanLlmOptions, LlmPlan>({
  command: 'plan-llm <config>',
  describe: "say what serving a language model takes: memory by its config.json, a query's price by its tokens",
  examples: [
    [
      'plan-llm Qwen2.5-72B-Instruct/config.json',
      "weights, keys and values, activations; beside the guide's table, which is about this model",
    ],
    [
      'plan-llm config.json --weights int4 --context 16384 --device-memory 24 --devices 2',
      'whether it fits on two cards of 24 GiB',
    ],
    ['plan-llm config.json --tokens-in 30000 --tokens-out 400 --price-in 2.5 --price-out 10', 'and what a query costs'],
  ],
  options: (parser) =>
    parser
      .positional('config', { type: 'string', demandOption: true, describe: "a model's config.json, or its folder" })
      .option('context', {
        type: 'number',
        array: true,
        defaultDescription: '8192 16384 32768 65536',
        describe: 'tokens of a sequence, prompt and answer',
      })
      .option('batch', { type: 'number', describe: 'sequences at once (1)' })
      .option('weights', { choices: WEIGHT_FORMATS, describe: 'how weights are kept (as the config says)' })
      .option('cache', { choices: CACHE_FORMATS, describe: 'how keys and values are kept (float16)' })
      .option('prefill', { type: 'number', describe: 'tokens of prompts that are computed in one step (2048)' })
      .option('device-memory', { type: 'number', describe: 'GiB of a device: whether it fits' })
      .option('devices', { type: 'number', describe: 'how many devices (1)' })
      .option('tokens-in', { type: 'number', describe: "a query's tokens, for its price" })
      .option('tokens-out', { type: 'number', describe: "an answer's tokens (0)" })
      .option('tokens-cached', { type: 'number', describe: 'of the input, tokens that a prefix cache gives (0)' })
      .option('price-in', { type: 'number', describe: 'of a million input tokens (2.5)' })
      .option('price-out', { type: 'number', describe: 'of a million output tokens (10)' })
      .option('price-cached', { type: 'number', describe: 'of a million input tokens from the cache (as others)' }),
  run: (options) => planLlm(options),
  text: formatLlmPlan,
});
