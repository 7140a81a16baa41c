import { createHash } from 'node:crypto';
import { type CemError, isCemError } from '../../base/index.ts';
import { type Document, type FigurePicture, figureId, type JsonValue } from '../../data/index.ts';
import {
  cutUnits,
  describeFigures,
  type FigureCounts,
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
import { figureDocuments, nameInWords } from './figure-documents.ts';
import type { CollectionSettings } from './ingest-options.ts';
import { NO_PARSER, parsedBy } from './parser-names.ts';
import { readShownPictures } from './read-shown-pictures.ts';
import type { ShownFiles } from './shown-files.ts';
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
  /** Pictures that the collection is to have of it. */
  readonly pictures: readonly FigurePicture[];
  /** Its figures, and pictures that are none. */
  readonly figures: { readonly described: number; readonly leftOut: FigureCounts };
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
  readonly figures: CollectionSettings['figures'];
  /** Whether units get the time that they are about as fields. */
  readonly periods?: boolean | undefined;
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
  /** Files that it may show; none, unless given. */
  readonly shown?: ShownFiles | undefined;
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
  { path, bytes, labels, source, title, fields, shown }: SourceContent,
  { threads, units: settings, prune, pruneNoise, figures, periods, tools, format, signal }: ParseTools,
): Promise<ParsedSource> {
  const known = { hash: contentHash(bytes), bytes: bytes.length };
  try {
    const {
      documents: read,
      format: parser,
      version,
      recognition,
    } = await threads.parseFile({ path: source ?? path, bytes }, { format, signal });
    const { documents: parsed, shows } =
      figures === 'none' ? { documents: read, shows: [] } : await readShownPictures(read, shown, { threads, signal });
    const pictures: FigurePicture[] = [];
    const counts = { described: 0, leftOut: { small: 0, plain: 0, unreadable: 0, large: 0, repeated: 0 } };
    const units: Unit[][] = [];
    const documents: Document[] = [];
    const entries: [string, number][] = [];
    let pruned = 0;
    for (const [place, one] of parsed.entries()) {
      const whole = {
        ...one,
        ...(parsed.length === 1 && given({ title })),
        ...(fields && { fields: { ...one.fields, ...fields } }),
      };
      const plain = prune ? pruneByRules(whole, { rules: [...RULES] }).document : whole;
      const document = pruneNoise ? pruneByClassifier(plain).document : plain;
      pruned += whole.blocks.length - document.blocks.length;
      const cut = await cutUnits(document, settings, tools);
      units.push(cut);
      const made = unitDocuments(document, cut, { path, source, record: place + 1, labels, periods });
      const found = figures === 'none' ? undefined : describeFigures(document);
      // A picture that is a file by itself.
      const own = parser === 'image' ? path : undefined;
      const described = figureDocuments(
        (found?.figures ?? []).map((figure) => ({ ...figure, ...given({ reference: own }) })),
        {
          ...made,
          first: cut.length,
          origin: path,
          store: figures === 'store',
          name: nameInWords(source ?? path),
        },
      );
      counts.described += described.documents.length;
      for (const [why, count] of Object.entries(found?.leftOut ?? {})) counts.leftOut[why as keyof FigureCounts] += count;
      pictures.push(...described.pictures);
      if (cut.length + described.documents.length === 0) continue;
      documents.push(...made.documents, ...described.documents);
      entries.push([made.id, cut.length + described.documents.length]);
    }
    const laws = lawsOf(parsed);
    return {
      entry: {
        path,
        ...known,
        ...(laws.length > 0 && { laws }),
        ...(pictures.length > 0 && { figures: [...new Set(pictures.map((picture) => figureId(picture.bytes)))].sort() }),
        ...(shows.length > 0 && { shows: shows.map(([file, hash]): [string, string] => [file, hash]) }),
        parser: parsedBy({ format: parser, version, ...given({ recognition }) }),
        ...(labels && { labels: [...labels] }),
        documents: entries,
      },
      documents,
      units,
      pruned,
      pictures,
      figures: counts,
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
    pictures: [],
    figures: { described: 0, leftOut: { small: 0, plain: 0, unreadable: 0, large: 0, repeated: 0 } },
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
