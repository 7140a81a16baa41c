import type { WireResult } from '../../server/schemas/index.ts';

/** Characters of a result's text that are shown to people; `--json` has all of it. */
const SNIPPET_LENGTH = 400;

function snippet(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length <= SNIPPET_LENGTH ? line : `${line.slice(0, SNIPPET_LENGTH)}…`;
}

function resultText({ id, score, chunk, text }: WireResult, rank: number): string {
  return `${rank + 1}. ${id}  (score ${score.toFixed(4)}, chunk ${chunk})\n   ${snippet(text)}`;
}

/** Results as people read them. @param note why there are none */
export function formatResults(results: readonly WireResult[], note = 'nothing was found'): string {
  return results.length === 0 ? `no results: ${note}` : results.map(resultText).join('\n');
}
