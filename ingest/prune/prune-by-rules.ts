import type { ParsedDocument } from '../parse/index.ts';
import { PRUNE_RULES, type PruneRule, type PruneSettingsInput, parsePruneSettings } from './prune-settings.ts';
import type { RepeatedTexts } from './repeated-texts.ts';
import { positionsOf, ruleOf } from './rules.ts';
import { lengthOf } from './text-length.ts';

export interface RulesReport {
  /** Blocks that each rule dropped. */
  readonly dropped: Readonly<Record<PruneRule, number>>;
  /** Characters of text before and after, in UTF-16 units. */
  readonly before: number;
  readonly after: number;
  /** 1 - after / before; 0 for a document without text. */
  readonly compression: number;
}

/**
 * Leaves out what is no part of a document's content. Headings, tables, code, quotes and captions are never dropped, and a document of nothing else stays as it is.
 *
 * @param repeated with the name of the document's source: without it there is no boilerplate
 * @throws UsageError `PRUNE_OPTIONS`
 */
export function pruneByRules(
  document: ParsedDocument,
  input: PruneSettingsInput = {},
  repeated?: { readonly source: string; readonly texts: RepeatedTexts },
): { readonly document: ParsedDocument; readonly report: RulesReport } {
  const settings = parsePruneSettings(input);
  const positions = positionsOf(document.blocks);
  const rules = document.blocks.map((block, place) => {
    const isRepeated = repeated?.texts.isRepeated(repeated.source, block, settings) ?? false;
    return ruleOf(block, positions[place]!, { rules: settings.rules, isRepeated });
  });
  const kept = document.blocks.filter((_, place) => rules[place] === undefined);
  const before = lengthOf(document.blocks);
  const isEmptied = lengthOf(kept.filter(({ kind }) => kind !== 'heading')) === 0;
  const blocks = isEmptied ? document.blocks : kept;
  const counts = PRUNE_RULES.map((rule) => [rule, isEmptied ? 0 : rules.filter((one) => one === rule).length] as const);
  const after = lengthOf(blocks);
  return {
    document: { ...document, blocks },
    report: {
      dropped: Object.fromEntries(counts) as Record<PruneRule, number>,
      before,
      after,
      compression: before === 0 ? 0 : 1 - after / before,
    },
  };
}
