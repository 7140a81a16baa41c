/** Documents of blocks are cut into long units. */
export { cutUnits, type UnitTools } from './cut-units.ts';
export type { EmbedTexts } from './semantic-groups.ts';
export { type Part, sentencesOf, splitText } from './split-text.ts';
export { openTokenCounter, type TokenCounter, type Tokenizer, tokenCounterOf } from './token-counter.ts';
export type { Unit, UnitBorder } from './unit.ts';
export { parseUnitSettings, type UnitSettings, type UnitSettingsInput, unitSettings } from './unit-settings.ts';
export { type UnitStatistics, unitStatistics } from './unit-statistics.ts';
