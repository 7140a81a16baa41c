import { createHash } from 'node:crypto';
import type { Block, ParsedDocument } from '../parse/index.ts';
import type { PruneSettings } from './prune-settings.ts';
import { positionsOf } from './rules.ts';

/** Bytes of a hash that texts are told apart by. */
const HASH_BYTES = 9;

/**
 * Counts in how many documents of a source each line stands at the beginning or the end: headers and footers of a site, which rules then drop. Numbers count as equal, so that dates and page numbers
 * hide nothing. Takes up to 24 short hashes a document.
 */
export class RepeatedTexts {
  readonly #sources = new Map<string, { documents: number; readonly counts: Map<string, number> }>();

  /** @param source what has one layout: a site's host, a folder, a book */
  add(source: string, { blocks }: ParsedDocument): void {
    const known = this.#sources.get(source) ?? { documents: 0, counts: new Map<string, number>() };
    this.#sources.set(source, known);
    known.documents += 1;
    const positions = positionsOf(blocks);
    const keys = new Set(blocks.filter((_, place) => positions[place]!.isAtEnds).map(keyOf));
    for (const key of keys) known.counts.set(key, (known.counts.get(key) ?? 0) + 1);
  }

  /** Whether a block's text is boilerplate of a source, of all documents that were added. */
  isRepeated(
    source: string,
    block: Block,
    { boilerplateDocuments, boilerplateShare }: Pick<PruneSettings, 'boilerplateDocuments' | 'boilerplateShare'>,
  ): boolean {
    const known = this.#sources.get(source);
    if (known === undefined) return false;
    return (known.counts.get(keyOf(block)) ?? 0) >= Math.max(boilerplateDocuments, boilerplateShare * known.documents);
  }
}

function keyOf({ kind, text }: Block): string {
  const plain = text.normalize('NFKC').toLowerCase().replace(/\d+/g, '0').replace(/\s+/g, ' ');
  return createHash('sha256')
    .update(`${kind}\0${plain}`)
    .digest('base64')
    .slice(0, (HASH_BYTES * 4) / 3);
}
