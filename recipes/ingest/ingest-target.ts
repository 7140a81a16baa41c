import type { Listener } from '../../base/index.ts';
import { type LoadedStudent, loadStudent } from '../../checkpoints/index.ts';
import { CollectionFolder, type CollectionManifest } from '../../rag/index.ts';
import { useBackend } from '../shared/backend.ts';
import { checkpointForLanguage } from '../shared/default-checkpoint.ts';
import { given } from '../shared/given.ts';
import { modelOf } from '../shared/index-model.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { makingOptions } from './collection-making.ts';
import type { SourceComparison } from './compare-sources.ts';
import type { IngestOptions, IngestResult } from './ingest-options.ts';
import { sourceLanguage } from './source-language.ts';
import type { OpenRoot } from './source-roots.ts';

/** The checkpoint that is named, else the collection's own, else the one of the files' language. */
export async function openCheckpoint(
  made: CollectionManifest | undefined,
  roots: readonly OpenRoot[],
  options: IngestOptions,
  listener: Listener,
): Promise<LoadedStudent> {
  const named = options.checkpoint ?? made?.checkpoint.path;
  const { format, signal } = options;
  const chosen = named === undefined ? await checkpointForLanguage(() => sourceLanguage(roots, { format, signal })) : undefined;
  await useBackend(options, listener);
  if (chosen) listener.note(chosen.note);
  return loadStudent(named ?? chosen!.path);
}

/** Opens the collection to change it, and makes it where there is none. Throws as `CollectionFolder.openForWriting`. */
export async function openCollectionFolder(
  path: string,
  checkpoint: LoadedStudent,
  options: IngestOptions,
): Promise<CollectionFolder> {
  return CollectionFolder.openForWriting(path, modelOf(checkpoint, modelsFolder(options.models)), {
    ...(await makingOptions(options)),
    ...given({ database: options.database, segments: options.segments, queryStudent: checkpoint.query }),
  });
}

/** What a look at the files found. */
export function countFiles({ found, toParse, same, gone }: SourceComparison): Omit<IngestResult['files'], 'failed'> {
  const changed = toParse.filter(({ known }) => known !== undefined).length;
  return { found, added: toParse.length - changed, changed, unchanged: same.length, gone: gone.length };
}
