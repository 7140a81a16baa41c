/** Ways of finding documents measured beside each other: parts, their fusions, HyDE, reranking. */
export { type ChosenWeights, chooseWeights, crossValidatedWeights } from './choose-weights.ts';
export {
  assertModesPossible,
  evaluateModes,
  type ModesData,
  type ModesEvaluation,
  type ModesInput,
  type WeightSource,
} from './evaluate-modes.ts';
export type { PartWeights } from './fuse-recorded.ts';
export { formatModes } from './modes-table.ts';
export { type OpenParts, openParts, type PartsInput } from './open-parts.ts';
export { type LawQuestion, parseQuestions } from './question-file.ts';
export type { ModeQuery } from './recorded-rankings.ts';
export { PART_NAMES, type PartName, parseModes, type RetrievalMode } from './retrieval-mode.ts';
