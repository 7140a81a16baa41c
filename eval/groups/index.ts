/** What late interaction is worth: every query against every passage by their groups of vectors. */
export {
  type CoarseVectors,
  evaluateFields,
  type FieldContender,
  type FieldDifference,
  type FieldEvaluation,
  type FieldInput,
  type FieldRow,
  fieldDifference,
} from './evaluate-fields.ts';
export { type GroupSet, groupSet } from './group-set.ts';
export { bestPlaces, ndcgOf } from './measure-scores.ts';
export { GROUP_SCORES, type GroupScore, type ScoresOfQuery, scoreGroups } from './score-groups.ts';
