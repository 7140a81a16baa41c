import { isDeepStrictEqual } from 'node:util';
import { UsageError } from '../../base/index.ts';
import type { JsonValue } from '../../data/index.ts';
import { parseUnitSettings } from '../../ingest/index.ts';
import type { CollectionManifest, CollectionWritingOptions } from '../../rag/index.ts';
import { analyzerConfig } from '../../search/lexical/index.ts';
import { given } from '../shared/given.ts';
import { openTermsChoice } from '../shared/terms-choice.ts';
import { type CollectionSettings, collectionSettings, type IngestOptions, settingsOfCollection } from './ingest-options.ts';
import { parseGroups } from './unit-groups.ts';

/** What may be said of a collection that is made new. */
export type CollectionChoices = Pick<
  IngestOptions,
  | 'units'
  | 'passageSize'
  | 'passageOverlap'
  | 'tokenizer'
  | 'prune'
  | 'pruneNoise'
  | 'figures'
  | 'periods'
  | 'terms'
  | 'groups'
  | 'precision'
  | 'vectorIndex'
  | 'segments'
>;

/** How a collection is opened that may have to be made. Throws UsageError `UNIT_OPTIONS` and as `openTermsChoice`. */
export async function makingOptions(choices: CollectionChoices): Promise<CollectionWritingOptions> {
  const { precision, vectorIndex } = choices;
  const asked = await askedSettings(choices);
  // In a shared collection each picture is an object of its own: stored where somebody asks for that.
  const settings = collectionSettings.parse(choices.segments === undefined ? asked : { figures: 'reference', ...asked });
  const analyzer = await openTermsChoice(settings.terms);
  return {
    settings: storable(settings),
    ...(analyzer !== 'none' && { analyzer: analyzer.settings }),
    ...given({ precision, vectorIndex }),
  };
}

/** What is said of a collection's settings. */
async function askedSettings({
  units,
  passageSize,
  passageOverlap,
  tokenizer,
  prune,
  pruneNoise,
  figures,
  periods,
  terms,
  groups,
}: CollectionChoices): Promise<Partial<CollectionSettings>> {
  return given({
    units: units && parseUnitSettings(units),
    passageSize,
    passageOverlap,
    tokenizer,
    prune,
    pruneNoise,
    figures,
    periods: periods || undefined,
    terms:
      terms === undefined || terms === 'none' ? terms : analyzerConfig.parse(typeof terms === 'string' ? { kind: terms } : terms),
    groups: groups && (await parseGroups(groups)),
  });
}

/** @throws UsageError `COLLECTION_SETTINGS` for settings that the collection was not made with */
export async function refuseOtherSettings(
  path: string,
  made: CollectionManifest | undefined,
  choices: CollectionChoices,
): Promise<void> {
  const asked = Object.entries(await askedSettings(choices));
  if (made === undefined) return;
  const settings = settingsOfCollection(path, made.settings);
  for (const [name, value] of asked) {
    const own = settings[name as keyof CollectionSettings];
    if (isDeepStrictEqual(value, own)) continue;
    const stored = own === undefined ? 'none' : JSON.stringify(own);
    throw new UsageError(
      'COLLECTION_SETTINGS',
      `the collection ${path} was made with ${name} ${stored}, and ${JSON.stringify(value)} was asked for: leave it out, or ingest the files into another collection`,
      { details: { path, name, made: own, asked: value } },
    );
  }
}

/** As JSON has it: without what is undefined. */
function storable(settings: CollectionSettings): Readonly<Record<string, JsonValue>> {
  return JSON.parse(JSON.stringify(settings)) as Readonly<Record<string, JsonValue>>;
}
