import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { CemError, isCemError, messageOf } from '../../base/index.ts';
import type { Document } from '../../data/index.ts';
import {
  cutUnits,
  type ParsedDocument,
  type ParseWorkers,
  pruneByRules,
  type Unit,
  type UnitSettings,
  type UnitTools,
} from '../../ingest/index.ts';
import type { SourceFileEntry } from '../../rag/index.ts';
import type { FoundFile } from './find-files.ts';
import { NO_PARSER, parserName } from './parser-names.ts';
import { unitDocuments } from './unit-documents.ts';

/** What many documents of a source begin or end with stays: what that is changes with every file that comes. */
const RULES = ['page-number', 'copyright', 'navigation'] as const;

/** What became of one file. */
export interface ParsedSource {
  readonly entry: SourceFileEntry;
  readonly documents: readonly Document[];
  /** The units of each of its documents. */
  readonly units: readonly (readonly Unit[])[];
  readonly warnings: readonly string[];
  /** Blocks that rules left out. */
  readonly pruned: number;
  /** Whether the disk did not give it, so that nothing is known of its content. */
  readonly unread: boolean;
}

export interface ParseTools {
  readonly threads: ParseWorkers;
  readonly units: UnitSettings;
  /** Whether rules leave out what is no content. */
  readonly prune: boolean;
  readonly tools: UnitTools;
  readonly format: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Parses files, several at once, and gives what became of each in the order of the files. A file that cannot be read is a result, too.
 *
 * @param ahead files that are parsed at once
 * @throws the signal's reason, and errors that are none of a file's
 */
export async function* parseFiles(
  files: Iterable<{ readonly file: FoundFile; readonly labels: readonly string[] | undefined }>,
  tools: ParseTools,
  ahead: number,
): AsyncGenerator<ParsedSource> {
  const running: Promise<ParsedSource>[] = [];
  for (const { file, labels } of files) {
    const parsed = parseOne(file, labels, tools);
    // It is awaited in its turn; until then nobody listens for its failure.
    parsed.catch(() => {});
    running.push(parsed);
    if (running.length >= ahead) yield await running.shift()!;
  }
  for (const parsed of running) yield await parsed;
}

async function parseOne(
  { path, location, bytes, hash }: FoundFile,
  labels: readonly string[] | undefined,
  { threads, units: settings, prune, tools, format, signal }: ParseTools,
): Promise<ParsedSource> {
  const failed = (error: CemError, unread: boolean, known: { readonly hash: string; readonly bytes: number }): ParsedSource => ({
    entry: {
      path,
      ...known,
      parser: NO_PARSER,
      ...(labels && { labels: [...labels] }),
      documents: [],
      problem: { code: error.code, message: error.message },
    },
    documents: [],
    units: [],
    warnings: [],
    pruned: 0,
    unread,
  });
  const found = { hash: hash ?? '0'.repeat(64), bytes };
  if (bytes > threads.inputBytes) {
    const what = `${path} has ${bytes} bytes, and a file may have ${threads.inputBytes}: split it, or raise the limit`;
    return failed(new CemError('PARSE_LIMIT', what, { details: { path, bytes } }), false, found);
  }
  let content: Uint8Array;
  try {
    content = await readFile(location);
  } catch (cause) {
    return failed(
      new CemError('FILE_OPEN', `cannot read ${path}: ${messageOf(cause)}`, { details: { path }, cause }),
      true,
      found,
    );
  }
  // Of what is parsed: the file may have changed since it was found.
  const known = { hash: createHash('sha256').update(content).digest('hex'), bytes: content.length };
  try {
    const { documents: parsed, format: parser, version } = await threads.parseFile({ path, bytes: content }, { format, signal });
    const units: Unit[][] = [];
    const documents: Document[] = [];
    const entries: [string, number][] = [];
    let pruned = 0;
    for (const [place, whole] of parsed.entries()) {
      const document = prune ? pruneByRules(whole, { rules: [...RULES] }).document : whole;
      pruned += whole.blocks.length - document.blocks.length;
      const cut = await cutUnits(document, settings, tools);
      units.push(cut);
      if (cut.length === 0) continue;
      const made = unitDocuments(document, cut, { path, record: place + 1, labels });
      documents.push(...made.documents);
      entries.push([made.id, cut.length]);
    }
    const laws = lawsOf(parsed);
    return {
      entry: {
        path,
        ...known,
        ...(laws.length > 0 && { laws }),
        parser: parserName({ format: parser, version }),
        ...(labels && { labels: [...labels] }),
        documents: entries,
      },
      documents,
      units,
      pruned,
      warnings: parsed.flatMap(({ warnings = [] }) => warnings.map((warning) => `${path}: ${warning}`)),
      unread: false,
    };
  } catch (error) {
    signal?.throwIfAborted();
    if (!isCemError(error)) throw error;
    return failed(error, false, known);
  }
}

/** The laws that documents are articles of. */
function lawsOf(documents: readonly ParsedDocument[]): NonNullable<SourceFileEntry['laws']> {
  const laws = new Map<string, Set<string>>();
  for (const { fields = {} } of documents) {
    const { law, law_alias: alias, article } = fields;
    if (typeof law !== 'string' || law === '' || typeof article !== 'string') continue;
    const aliases = laws.get(law) ?? new Set();
    laws.set(law, typeof alias === 'string' ? aliases.add(alias) : aliases);
  }
  return Array.from(laws, ([law, aliases]) => ({ law, aliases: [...aliases] }));
}
