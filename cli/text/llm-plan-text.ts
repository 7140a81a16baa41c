import { formatTable } from '../../base/index.ts';
import type { LlmPlan } from '../../recipes/plan-llm/index.ts';

const GIB = 2 ** 30;

/** A plan as people read it. */
export function formatLlmPlan({ model, plans, devices, stated, cost }: LlmPlan): string {
  const [first] = plans;
  if (first === undefined) return '';
  const gib = (bytes: number): string => (bytes / GIB).toFixed(2);
  const rows = plans.map(({ context, bytes, fits }) => [
    String(context),
    ...[bytes.weights, bytes.cache, bytes.activations, bytes.total].map(gib),
    ...(fits === null ? [] : [fits ? 'yes' : 'no']),
  ]);
  const grouped = model.kvHeads === model.heads ? '' : `, ${model.kvHeads} of keys and values`;
  return [
    `model      ${model.type}: ${model.layers} layers of ${model.hidden}, ${model.heads} heads${grouped}, ${model.headDimension} numbers a head, ${(first.parameters / 1e9).toFixed(2)} billion parameters`,
    `kept       weights ${first.weights}, keys and values ${first.cache} (${(first.bytes.cacheOfToken / 1024).toFixed(1)} KiB a token), ${first.batch} at once`,
    ...(model.window === null ? [] : [`window     ${model.window.layers} layers look back at ${model.window.tokens} tokens`]),
    ...(devices === null
      ? []
      : [`devices    ${devices.count} of ${devices.gib} GiB; programs and allocator take about 1 GiB of each beside this`]),
    '',
    formatTable(['tokens', 'weights GiB', 'keys, values', 'activations', 'all', ...(devices === null ? [] : ['fits'])], rows),
    ...(stated === null ? [] : ['', ...statedLines(stated)]),
    ...(cost === null ? [] : ['', ...costLines(cost)]),
  ].join('\n');
}

function statedLines({ rows, errors }: NonNullable<LlmPlan['stated']>): string[] {
  return [
    formatTable(
      ['tokens', "the guide's keys, values (GB)", 'computed (GiB)', "the guide's all (GB)", 'computed (GiB)'],
      rows.map(({ context, stated, computed }) => [
        String(context),
        String(stated.cache),
        computed.cache.toFixed(2),
        String(stated.total),
        computed.total.toFixed(2),
      ]),
    ),
    ...errors.map((error) => `wrong      ${error}`),
  ];
}

function costLines({ tokens, prices, input, cached, output, total, stated }: NonNullable<LlmPlan['cost']>): string[] {
  const price = (value: number): string => value.toFixed(6);
  return [
    `a query    ${price(total)}: ${tokens.input - tokens.cached} tokens at ${prices.input} a million (${price(input)}), ${tokens.cached} cached at ${prices.cached} (${price(cached)}), ${tokens.output} written at ${prices.output} (${price(output)})`,
    `the guide  ${stated.query} a query: that pays for ${stated.pays_for_input} input tokens beside ${tokens.output} written ones`,
  ];
}
