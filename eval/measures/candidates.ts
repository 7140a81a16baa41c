import { createHash } from 'node:crypto';
import { CemError } from '../../base/index.ts';
import { type BeirData, type Document, documentText } from '../../data/index.ts';
import type { ChunkSource } from '../../encoders/index.ts';
import type { Qrels } from './measures.ts';

/** Which documents are ranked: all of the corpus, or those that the split has judgments of. */
export type CandidateChoice = 'corpus' | 'judged';

/** The documents that are ranked, in the forms in which contenders may read them. */
export interface Candidates {
  /** In the corpus' order. */
  readonly ids: readonly string[];
  /** Text by id. */
  readonly texts: ReadonlyMap<string, string>;
  /** The same packed: no way to a text leads through it. */
  readonly chunks: ChunkSource;
  /** Texts of a document's passages, which have a vector each; undefined where a document's text has one. */
  readonly passagesOf?: (id: string) => Promise<readonly string[]>;
}

/**
 * Text by id of the documents that are ranked, in the corpus' order.
 *
 * @throws CemError `EVAL_NO_CANDIDATES`, `EVAL_DUPLICATE_DOCUMENT`, and what the corpus throws
 */
export async function candidateTexts(data: BeirData, choice: CandidateChoice): Promise<ReadonlyMap<string, string>> {
  const judged = choice === 'judged' ? judgedIds(data.qrels) : undefined;
  const texts = new Map<string, string>();
  for await (const document of data.documents()) {
    if (judged !== undefined && !judged.has(document.id)) continue;
    if (texts.has(document.id)) throw duplicateDocument(document);
    texts.set(document.id, documentText(document));
  }
  if (texts.size > 0) return texts;
  throw new CemError(
    'EVAL_NO_CANDIDATES',
    `no document to rank: the corpus has none${judged ? ` of the ${judged.size} that the split judges` : ''}`,
  );
}

/** SHA-256 over ids and texts, in order. Lengths go in too, so that no two corpora share a hash by where their borders lie. */
export function hashTexts(texts: ReadonlyMap<string, string>): string {
  const hash = createHash('sha256');
  for (const [id, text] of texts) hash.update(JSON.stringify([id, text.length])).update(text);
  return hash.digest('hex');
}

function duplicateDocument({ id, origin }: Document): CemError {
  const place = origin === undefined ? '' : ` (again at ${origin})`;
  return new CemError(
    'EVAL_DUPLICATE_DOCUMENT',
    `the document id ${JSON.stringify(id)} occurs twice${place}; judgments could mean either, so give each its own`,
    {
      details: { id, origin },
    },
  );
}

function judgedIds(qrels: Qrels): Set<string> {
  const ids = new Set<string>();
  for (const judgments of qrels.values()) for (const id of judgments.keys()) ids.add(id);
  return ids;
}
