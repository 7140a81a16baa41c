import { closing } from '../../base/index.ts';
import type { AddOptions } from '../../data/index.ts';
import { createTeacher } from '../../encoders/index.ts';
import { openTokenCounter, type UnitTools } from '../../ingest/index.ts';
import type { CollectionManifest } from '../../rag/index.ts';
import { given } from '../shared/given.ts';
import { openTermsChoice } from '../shared/terms-choice.ts';
import type { CollectionSettings } from './ingest-options.ts';

/** A unit is one chunk, however large: it was cut to its size before. */
const TARGET_CHUNK_SIZE = 1 << 24;

/** What units are measured by; where meaning parts them, the collection's teacher says what blocks mean. */
export async function unitTools(
  { teacher }: Pick<CollectionManifest, 'teacher'>,
  { tokenizer, units: { strategy } }: CollectionSettings,
): Promise<UnitTools & AsyncDisposable> {
  const count = await openTokenCounter(tokenizer);
  if (strategy !== 'semantic') return { count, ...closing(() => undefined) };
  const { config, folder, models } = teacher;
  const embedder = await createTeacher(config, given({ folder, models }));
  return { count, embed: (texts) => embedder.embedDocuments(texts), ...closing(() => embedder.dispose()) };
}

/** How units are packed. */
export async function unitPacking({ level, passageSize, passageOverlap, terms }: CollectionSettings): Promise<AddOptions> {
  return {
    level,
    passageSize,
    terms: await openTermsChoice(terms),
    ...(passageOverlap > 0 && { passageOverlap }),
    targetChunkSize: TARGET_CHUNK_SIZE,
  };
}
