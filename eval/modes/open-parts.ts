import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batches, ClosingStack } from '../../base/index.ts';
import type { TextGroupEncoder, VectorGroup } from '../../encoders/index.ts';
import { ExactRetriever, type InnerProducts } from '../../search/exact/index.ts';
import type { LexicalUnit, Retriever, RowMetadata } from '../../search/index.ts';
import { Bm25Retriever } from '../../search/lexical/index.ts';
import { FieldRetriever, type FieldRetrieverOptions, type GroupSource } from '../../search/rerank/index.ts';
import type { EncoderContender } from '../encoders/contenders.ts';
import { type CandidatePacking, packCandidates } from '../encoders/packed-candidates.ts';
import type { Candidates } from '../measures/candidates.ts';
import type { PartName } from './retrieval-mode.ts';

export interface PartsInput {
  /** Text by id, as it is found. */
  readonly texts: ReadonlyMap<string, string>;
  /** What filters may ask about. */
  readonly metadataOf?: ((id: string) => RowMetadata | undefined) | undefined;
  /** Whether words are searched, and how they are cut and scored. */
  readonly bm25?:
    | { readonly terms: (text: string) => Iterable<string>; readonly k1?: number | undefined; readonly b?: number | undefined }
    | undefined;
  /** What makes vectors: `dense` of texts, `cem` of compressed chunks. */
  readonly encoders: Partial<Readonly<Record<Exclude<PartName, 'bm25' | 'field'>, EncoderContender>>>;
  /** What makes the groups of texts that `field` ranks the best of `dense` by, which must be there. */
  readonly field?: (FieldRetrieverOptions & { readonly encoder: TextGroupEncoder }) | undefined;
  readonly pack: CandidatePacking;
  readonly innerProducts?: InnerProducts;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** Retrievers by part; closed when nothing is searched any more. */
export interface OpenParts {
  readonly parts: ReadonlyMap<PartName, Retriever>;
  close(): Promise<void>;
}

/**
 * Makes the retrievers of documents: BM25 over texts, exact search over vectors. Documents are packed, in a folder of the system's temporary one, only where something reads chunks or passages.
 *
 * @throws what packing and encoding throw
 */
export async function openParts({
  texts,
  metadataOf,
  bm25,
  encoders,
  field,
  pack,
  innerProducts,
  onProgress,
}: PartsInput): Promise<OpenParts> {
  const stack = new ClosingStack();
  try {
    const parts = new Map<PartName, Retriever>();
    if (bm25 !== undefined) {
      const { terms, k1, b } = bm25;
      const settings = { ...(k1 !== undefined && { k1 }), ...(b !== undefined && { b }) };
      parts.set('bm25', await Bm25Retriever.create(unitsOf(texts, metadataOf), { name: 'bm25', tokenize: terms, ...settings }));
    }
    const contenders = Object.entries(encoders) as [PartName, EncoderContender][];
    if (contenders.length === 0) return { parts, close: () => stack.close() };
    const folder = await mkdtemp(join(tmpdir(), 'cem-eval-'));
    stack.add(folder, (path) => rm(path, { recursive: true, force: true }));
    const packing = onProgress ? { onProgress } : {};
    const packed = stack.add(await packCandidates(texts, join(folder, 'candidates.zpkg'), pack, packing), (open) => open.close());
    const candidates: Candidates = {
      ids: [...texts.keys()],
      texts,
      chunks: packed.chunks,
      ...(packed.passagesOf && { passagesOf: packed.passagesOf }),
    };
    for (const [name, contender] of contenders) {
      const encoder = await contender.encoder(candidates);
      const retriever = await ExactRetriever.create(encoder, candidates.ids, {
        name,
        ...(innerProducts && { innerProducts }),
        ...(metadataOf && { metadataOf: (document: string) => metadataOf(document) }),
        onProgress: (done, total) => onProgress?.(`encode documents (${name})`, done, total),
      });
      parts.set(name, retriever);
    }
    if (field !== undefined) {
      const groups = await documentGroups(texts, field.encoder, (done, total) =>
        onProgress?.('encode documents (field)', done, total),
      );
      const dense = parts.get('dense');
      assert.ok(dense !== undefined, 'field ranks what dense finds');
      parts.set('field', new FieldRetriever(dense, groups, field.encoder, { ...field, ...(innerProducts && { innerProducts }) }));
    }
    return { parts, close: () => stack.close() };
  } catch (error) {
    await stack.close();
    throw error;
  }
}

/** Documents whose groups are made in one call. */
const ENCODED_AT_ONCE = 256;

/** One group a document, whichever of its passages was found. */
async function documentGroups(
  texts: ReadonlyMap<string, string>,
  encoder: TextGroupEncoder,
  onProgress: (done: number, total: number) => void,
): Promise<GroupSource> {
  const groups = new Map<string, VectorGroup>();
  for (const some of batches(texts, ENCODED_AT_ONCE)) {
    const encoded = await encoder.encodeTextGroups(some.map(([, text]) => text));
    some.forEach(([document], place) => void groups.set(document, encoded[place]!.group));
    onProgress(groups.size, texts.size);
  }
  return { groupsOf: async (keys) => keys.map(({ document }) => groups.get(document)) };
}

function* unitsOf(texts: ReadonlyMap<string, string>, metadataOf: PartsInput['metadataOf']): Generator<LexicalUnit> {
  for (const [document, text] of texts) yield { document, text, metadata: metadataOf?.(document) };
}
