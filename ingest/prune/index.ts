/** What is no content is left out: by rules and by a small classifier from documents, by scores or a chat model from units. */
export { type Ask, type KeptSentences, keepSentences } from './keep-sentences.ts';
export { NoiseClassifier, noiseClassifier } from './noise-classifier.ts';
export { type BlockLabel, NOISE_KINDS, type NoiseKind } from './noise-kinds.ts';
export { type NoiseReport, pruneByClassifier } from './prune-by-classifier.ts';
export { pruneByRules, type RulesReport } from './prune-by-rules.ts';
export { PRUNE_RULES, type PruneRule, type PruneSettings, type PruneSettingsInput, pruneSettings } from './prune-settings.ts';
export { RepeatedTexts } from './repeated-texts.ts';
export { embeddingScorer, lexicalScorer, type SegmentScorer } from './segment-scorer.ts';
export { DynamicUnitPruner, type PrunedUnit } from './unit-pruner.ts';
