import { formatModes } from '../../eval/modes/index.ts';
import type { RetrieverComparison } from '../../recipes/evaluate/index.ts';

/** Tables of a comparison of retrievers, a set of queries after the other. */
export function formatRetrievers({ dataset, documents, encoders, bm25, sets }: RetrieverComparison, byTag: boolean): string {
  const made = Object.entries(encoders).map(([part, encoder]) => `${part}: ${encoder}`);
  const words =
    bm25 === null
      ? []
      : [`bm25: ${bm25.analyzer}${bm25.k1 === null ? '' : `, k1 ${bm25.k1}`}${bm25.b === null ? '' : `, b ${bm25.b}`}`];
  const head = `${dataset}: ${documents} documents; ${[...words, ...made].join('; ')}`;
  return [head, ...sets.map((set) => `${set.name}\n\n${formatModes(set, { byTag })}`)].join('\n\n');
}

/** Keys of modes, tags and parts. */
export const RETRIEVER_DATA: readonly string[] = ['encoders', 'sets.*.modes', 'sets.*.weights.*.weights.*', 'sets.*.latency'];
