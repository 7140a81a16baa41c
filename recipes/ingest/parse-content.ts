import { createHash } from 'node:crypto';
import { type CemError, isCemError } from '../../base/index.ts';
import type { Document, JsonValue } from '../../data/index.ts';
import {
  cutUnits,
  type ParsedDocument,
  type ParseWorkers,
  pruneByClassifier,
  pruneByRules,
  type Unit,
  type UnitSettings,
  type UnitTools,
} from '../../ingest/index.ts';
import type { SourceFileEntry } from '../../rag/index.ts';
import { given } from '../shared/given.ts';
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
  /** Blocks that rules or the classifier left out. */
  readonly pruned: number;
  /** Whether the disk did not give it, so that nothing is known of its content. */
  readonly unread: boolean;
}

export interface ParseTools {
  readonly threads: ParseWorkers;
  readonly units: UnitSettings;
  /** Whether rules leave out what is no content. */
  readonly prune: boolean;
  /** Whether the classifier of blocks does, too. */
  readonly pruneNoise: boolean;
  readonly tools: UnitTools;
  readonly format: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A file's content. */
export interface SourceContent {
  /** In the collection. */
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly labels: readonly string[] | undefined;
  /** What its units' metadata say of where they are from; its path, unless given. */
  readonly source?: string | undefined;
  /** Its title, in place of what it says itself, where it is one document. */
  readonly title?: string | undefined;
  /** Fields of all of its documents, over what they have themselves. */
  readonly fields?: Readonly<Record<string, JsonValue>> | undefined;
}

/** SHA-256, as the list of files has it. */
export function contentHash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Parses a file's content and cuts it into units. Content that cannot be read is a result, too.
 *
 * @throws the signal's reason, and errors that are none of the content's
 */
export async function parseContent(
  { path, bytes, labels, source, title, fields }: SourceContent,
  { threads, units: settings, prune, pruneNoise, tools, format, signal }: ParseTools,
): Promise<ParsedSource> {
  const known = { hash: contentHash(bytes), bytes: bytes.length };
  try {
    const {
      documents: parsed,
      format: parser,
      version,
    } = await threads.parseFile({ path: source ?? path, bytes }, { format, signal });
    const units: Unit[][] = [];
    const documents: Document[] = [];
    const entries: [string, number][] = [];
    let pruned = 0;
    for (const [place, read] of parsed.entries()) {
      const whole = {
        ...read,
        ...(parsed.length === 1 && given({ title })),
        ...(fields && { fields: { ...read.fields, ...fields } }),
      };
      const plain = prune ? pruneByRules(whole, { rules: [...RULES] }).document : whole;
      const document = pruneNoise ? pruneByClassifier(plain).document : plain;
      pruned += whole.blocks.length - document.blocks.length;
      const cut = await cutUnits(document, settings, tools);
      units.push(cut);
      if (cut.length === 0) continue;
      const made = unitDocuments(document, cut, { path, source, record: place + 1, labels });
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
    return unparsed({ path, labels }, error, known, false);
  }
}

/** What becomes of a file that cannot be read. */
export function unparsed(
  { path, labels }: Pick<SourceContent, 'path' | 'labels'>,
  error: CemError,
  known: { readonly hash: string; readonly bytes: number },
  unread: boolean,
): ParsedSource {
  return {
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
  };
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
