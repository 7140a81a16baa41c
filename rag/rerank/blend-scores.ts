/**
 * Scores of two rankings of the same results as one: each is brought to 0..1 within the results (all 1 where they are equal), and a reranker's counts `share`, the retriever's the rest. A small reranker knows
 * what the retriever does not, and the other way round.
 *
 * @param share 0 (the retriever's order) to 1 (the reranker's)
 */
export function blendScores(reranked: readonly number[], retrieved: readonly number[], share: number): number[] {
  if (share === 1) return [...reranked];
  const [first, second] = [unitScores(reranked), unitScores(retrieved)];
  return first.map((score, place) => share * score + (1 - share) * second[place]!);
}

function unitScores(scores: readonly number[]): number[] {
  const [least, best] = [Math.min(...scores), Math.max(...scores)];
  return scores.map((score) => (best > least ? (score - least) / (best - least) : 1));
}
