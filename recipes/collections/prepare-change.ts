import { CemError, isCemError } from '../../base/index.ts';
import { checkedDocument } from '../../data/index.ts';
import { hasParser } from '../../ingest/index.ts';
import type { SourceFileEntry } from '../../rag/index.ts';
import { metadataJson } from '../../search/index.ts';
import { contentHash, type ParsedSource, parseContent } from '../ingest/parse-content.ts';
import { isParsedWell } from '../ingest/parser-names.ts';
import type { AccessLabels, ChangeOptions, DocumentsChange, DocumentToPut, DocumentToRemove } from './live-types.ts';
import type { OpenedCollection } from './opened-collection.ts';
import { checkSource, Uploads } from './uploads.ts';

/** A document to be put, read as far as it can be before its turn comes. */
export interface PreparedPut {
  readonly source: string;
  readonly path: string;
  readonly hash: string;
  /** Digest of title, fields and format; undefined: none is given. */
  readonly given: string | undefined;
  /** Undefined: those that it had before stay. */
  readonly labels: readonly string[] | undefined;
  /** Reads it, once. */
  parsed(opened: OpenedCollection): Promise<PutContent>;
}

/** What is in a content, or why nothing is. */
type PutContent = { readonly problem: CemError } | { readonly problem?: undefined; readonly parsed: ParsedSource };

export interface PreparedChange {
  readonly puts: readonly PreparedPut[];
  readonly removes: readonly DocumentToRemove[];
  /** Of who changes. */
  readonly labels: AccessLabels;
  readonly onProgress: NonNullable<ChangeOptions['onProgress']>;
}

/**
 * Parses what a change puts, in processes, before the change's turn comes. What the collection has already as it is is not parsed.
 *
 * @throws the signal's reason, and errors that are none of a document's
 */
export async function prepareChange(
  opened: OpenedCollection,
  { put = [], remove = [] }: DocumentsChange,
  { signal, labels = 'everything', onProgress = () => undefined }: ChangeOptions,
): Promise<PreparedChange> {
  const { view } = opened;
  const uploads = new Uploads(view.parts.sources.roots);
  const puts = put.map((document) => preparedPut(document, uploads, signal));
  let done = 0;
  await Promise.all(
    puts.map(async (document) => {
      const known = view.byPath.get(document.path);
      if (known === undefined || !isSame(known, document, opened.models.recognises)) await document.parsed(opened);
      onProgress(++done, puts.length, 'parsing');
    }),
  );
  return { puts, removes: remove, labels, onProgress };
}

/** Whether the collection has a document as it is to be put. @param recognises whether texts in pictures can be read */
export function isSame(known: SourceFileEntry, { hash, given, labels }: PreparedPut, recognises: boolean): boolean {
  if (known.hash !== hash || known.given !== given) return false;
  if (labels !== undefined && JSON.stringify(known.labels) !== JSON.stringify(labels)) return false;
  return isParsedWell(known.parser, recognises);
}

function preparedPut(
  { source, content, format, labels, fields, title }: DocumentToPut,
  uploads: Uploads,
  signal: AbortSignal | undefined,
): PreparedPut {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const path = uploads.pathOf(source);
  const said = JSON.stringify([title, fields, format?.toLowerCase()]);
  const isGiven = title !== undefined || fields !== undefined || format !== undefined;
  const asked = format ?? (typeof content === 'string' && !hasParser(source) ? 'text' : undefined);
  let parsed: Promise<PutContent> | undefined;
  const parse = async (opened: OpenedCollection): Promise<PutContent> => {
    try {
      checkSource(source);
      const made = await parseContent(
        { path, source, bytes, labels, title, fields },
        {
          threads: opened.models.parsers,
          units: opened.settings.units,
          prune: opened.settings.prune,
          pruneNoise: opened.settings.pruneNoise,
          figures: opened.settings.figures,
          periods: opened.settings.periods,
          tools: await opened.unitTools(),
          format: asked,
          signal,
        },
      );
      const { problem } = made.entry;
      if (problem !== undefined) return { problem: new CemError(problem.code, problem.message, { details: { source } }) };
      if (made.documents.length === 0) return { problem: emptyError(source) };
      for (const document of made.documents) metadataJson({ document: source, metadata: checkedDocument(document).metadata });
      return { parsed: made };
    } catch (error) {
      signal?.throwIfAborted();
      if (isCemError(error) && IS_OF_DOCUMENT.has(error.code)) return { problem: error };
      throw error;
    }
  };
  return {
    source,
    path,
    hash: contentHash(bytes),
    given: isGiven ? contentHash(Buffer.from(said)) : undefined,
    labels,
    parsed: (opened) => {
      parsed ??= parse(opened);
      return parsed;
    },
  };
}

/** What is wrong with one document, and with nothing else. */
const IS_OF_DOCUMENT: ReadonlySet<string> = new Set(['DOCUMENT_SOURCE', 'DATA_FIELD', 'VECTOR_STORE_METADATA']);

function emptyError(source: string): CemError {
  return new CemError('DOCUMENT_EMPTY', `${source} has no text to be found by: leave it out, or say its format`, {
    details: { source },
  });
}
