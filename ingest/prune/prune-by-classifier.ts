import type { Block, ParsedDocument } from '../parse/index.ts';
import { type NoiseClassifier, noiseClassifier } from './noise-classifier.ts';
import { NOISE_KINDS, type NoiseKind } from './noise-kinds.ts';
import { type PruneSettingsInput, parsePruneSettings } from './prune-settings.ts';
import { lengthOf } from './text-length.ts';

export interface NoiseReport {
  /** Blocks of each kind that were dropped. */
  readonly dropped: Readonly<Record<NoiseKind, number>>;
  /** Characters of text before and after, in UTF-16 units. */
  readonly before: number;
  readonly after: number;
  /** 1 - after / before; 0 for a document without text. */
  readonly compression: number;
}

/** Longer blocks are texts of their own. UTF-16 units. */
const LONGEST = 600;

/**
 * Leaves out advertisements, disclaimers and what stands beside a text, as a small classifier tells them: the second stage, after rules. Only paragraphs and list items are looked at, and a document of nothing else stays as it is.
 *
 * @param classifier the one of the package's own examples unless given
 * @throws UsageError `PRUNE_OPTIONS`
 */
export function pruneByClassifier(
  document: ParsedDocument,
  input: PruneSettingsInput = {},
  classifier: Pick<NoiseClassifier, 'classify'> = noiseClassifier(),
): { readonly document: ParsedDocument; readonly report: NoiseReport } {
  const { noiseKinds, noiseProbability } = parsePruneSettings(input);
  const kinds = document.blocks.map((block) => {
    if (!mayBeNoise(block)) return undefined;
    const { label, probability } = classifier.classify(block.text);
    return label !== 'content' && noiseKinds.includes(label) && probability >= noiseProbability ? label : undefined;
  });
  const kept = document.blocks.filter((_, place) => kinds[place] === undefined);
  const isEmptied = lengthOf(kept.filter(({ kind }) => kind !== 'heading')) === 0;
  const blocks = isEmptied ? document.blocks : kept;
  const before = lengthOf(document.blocks);
  const after = lengthOf(blocks);
  const counts = NOISE_KINDS.map((kind) => [kind, isEmptied ? 0 : kinds.filter((one) => one === kind).length] as const);
  return {
    document: { ...document, blocks },
    report: {
      dropped: Object.fromEntries(counts) as Record<NoiseKind, number>,
      before,
      after,
      compression: before === 0 ? 0 : 1 - after / before,
    },
  };
}

function mayBeNoise({ kind, text }: Block): boolean {
  return (kind === 'paragraph' || kind === 'list-item') && text.length <= LONGEST;
}
