import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { CemError, parseJson, readTextIfThere, writeFileAtomically } from '../../base/index.ts';

const SOURCES_FILE = /^sources-[0-9a-f-]{36}\.json$/;
const REMEDY = 'restore it from a copy, or ingest the files into another collection';
const [SOURCES_PREFIX, SOURCES_ENDING] = ['sources-', '.json'];
const sourcesFile = (state: string): string => `${SOURCES_PREFIX}${state}${SOURCES_ENDING}`;

const problem = z.strictObject({ code: z.string(), message: z.string() });

const sourceFile = z.strictObject({
  /** Name of its root, then the path below it, with `/`. */
  path: z.string(),
  /** SHA-256 of its bytes. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().nonnegative(),
  /** Parser and its version, `markdown 1`; where none read it, which ones there were. */
  parser: z.string(),
  /** Labels of access that its documents have; absent: none. */
  labels: z.array(z.string()).optional(),
  /** What it became: an id of a document, and how many units that has; their ids are `<id>-0` and so on. */
  documents: z.array(z.tuple([z.string(), z.int().positive()])),
  /** Ids of pictures that the collection has of it; absent: none. */
  figures: z.array(z.string().regex(/^[0-9a-f]{64}$/)).optional(),
  /** Files that it shows, by path in the collection, with the SHA-256 of their bytes, which is empty where there is none: it is parsed again when one changes; absent: none. */
  shows: z.array(z.tuple([z.string(), z.string()])).optional(),
  /** Digest of what whoever put it said of it beside its content: title, fields, format; absent: nothing, and of files. */
  given: z.string().optional(),
  /** The laws that its articles are of, by full name with what else each is called, by which queries cite them; absent: none. */
  laws: z.array(z.strictObject({ law: z.string(), aliases: z.array(z.string()) })).optional(),
  /** Why it could not be read; absent where it was. */
  problem: problem.optional(),
});

/** Version 2 has a root without a path, version 3 files with figures; a list without them has the first, so that programs of before read what they can. */
const VERSIONS = { files: 1, withUploads: 2, withFigures: 3 } as const;

const sourcesSchema = z.strictObject({
  format: z.literal('cem-sources'),
  version: z.literal(Object.values(VERSIONS)),
  /** Where the files lie: what was ingested, each under a name of its own; without a path what was put by a program, and lies nowhere else. */
  roots: z.array(z.strictObject({ name: z.string(), path: z.string().optional() })),
  files: z.array(sourceFile),
});

/** Where a collection's files lie, or what its documents that were put are called by. */
export type SourceRoot = CollectionSources['roots'][number];
/** A file, and what it became. */
export type SourceFileEntry = z.infer<typeof sourceFile>;
/** Which files a collection was made from. */
export type CollectionSources = Pick<z.infer<typeof sourcesSchema>, 'roots' | 'files'>;

/** Ids of a file's units. */
export function unitIds({ documents }: Pick<SourceFileEntry, 'documents'>): string[] {
  return documents.flatMap(([id, units]) => Array.from({ length: units }, (_, number) => `${id}-${number}`));
}

export const NO_SOURCES: CollectionSources = { roots: [], files: [] };

/**
 * The sources of a collection in one state of its corpus.
 *
 * @throws FormatError `COLLECTION_SOURCES`, CemError of that code where the list is gone: without it nobody knows which documents are of files that went
 */
export async function readSources(folder: string, state: string): Promise<CollectionSources> {
  const path = join(folder, sourcesFile(state));
  return parseSources(await readTextIfThere(path), path);
}

/**
 * @param text undefined where the list is gone
 * @param path for errors: where it comes from
 * @throws FormatError `COLLECTION_SOURCES`, CemError of that code where the list is gone
 */
export function parseSources(text: string | undefined, path: string): CollectionSources {
  if (text === undefined) {
    throw new CemError('COLLECTION_SOURCES', `${path} is gone, which lists the collection's files: ${REMEDY}`, {
      details: { path },
    });
  }
  const { roots, files } = parseJson(text, sourcesSchema, path, {
    code: 'COLLECTION_SOURCES',
    what: 'a list of the files of a collection',
    remedy: REMEDY,
  });
  return { roots, files };
}

export async function writeSources(folder: string, state: string, sources: CollectionSources): Promise<void> {
  await writeFileAtomically(join(folder, sourcesFile(state)), Buffer.from(`${sourcesText(sources)}\n`));
}

/** A list as JSON, which `parseSources` reads. */
export function sourcesText({ roots, files }: CollectionSources): string {
  const hasFigures = files.some(({ figures, shows }) => figures !== undefined || shows !== undefined);
  const isOfFiles = roots.every(({ path }) => path !== undefined);
  const version = hasFigures ? VERSIONS.withFigures : isOfFiles ? VERSIONS.files : VERSIONS.withUploads;
  return JSON.stringify({ format: 'cem-sources', version, roots, files });
}

/** The state whose list is the only one in a folder: then it is the collection's, and nobody need ask the database. Undefined where there is none, or more than one. */
export async function listedState(folder: string): Promise<string | undefined> {
  const [only, other] = (await readdir(folder)).filter((name) => SOURCES_FILE.test(name));
  return only === undefined || other !== undefined ? undefined : only.slice(SOURCES_PREFIX.length, -SOURCES_ENDING.length);
}

/** Removes the lists of all other states. */
export async function removeOtherSources(folder: string, state: string | undefined): Promise<void> {
  const own = state === undefined ? undefined : sourcesFile(state);
  for (const name of await readdir(folder)) {
    if (SOURCES_FILE.test(name) && name !== own) await rm(join(folder, name), { force: true });
  }
}
