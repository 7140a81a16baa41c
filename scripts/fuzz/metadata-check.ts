import { writeFileSync } from 'node:fs';
import { type ByteSpan, CemError, type TermCounts } from '../../base/index.ts';
import { checkMetadata } from '../../data/metadata/check-metadata.ts';
import { chunkSpan, type DocumentRecord } from '../../data/metadata/document-record.ts';
import { decodeBlock, encodeBlock } from '../../data/metadata/metadata-block.ts';
import { MetadataFile } from '../../data/metadata/metadata-file.ts';
import { decodePassages, encodePassages, MOST_PASSAGES } from '../../data/metadata/passages-block.ts';
import { decodeTerms, encodeTerms } from '../../data/metadata/terms-block.ts';
import type { MetadataCase } from './metadata-cases.ts';
import { Finding, type Outcome } from './zpkg-check.ts';

/** Content of a block that the reader is allowed. */
export const BLOCK_LIMIT = 1 << 20;

/** Opens the file and reads every record in both ways: right values or an error of ours. */
export async function checkMetadataFile({ bytes, sample, isGuarded }: MetadataCase, path: string): Promise<Outcome> {
  writeFileSync(path, bytes);
  const idOf = (document: number): string => sample.ids[document] ?? `other ${document}`;
  const file = await attempt(() => MetadataFile.open(path, { dictionary: sample.dictionary, idOf, largestBlock: BLOCK_LIMIT }));
  if (file === null) return 'refused';
  try {
    if (isGuarded && JSON.stringify(ownerOf(file.owner)) !== JSON.stringify(ownerOf(sample.owner)))
      throw new Finding('it belongs to another container than it was written for');
    if (isGuarded && file.hasRecords !== sample.blockCounts.length > 0) throw new Finding('its records are gone');
    if (isGuarded && file.hasPassages !== sample.passageBlockCounts.length > 0) throw new Finding('its passages are gone');
    const passages = file.hasPassages ? await checkPassages(file, isGuarded ? sample.passages : undefined) : 'accepted';
    if (isGuarded && (file.analyzer !== undefined) !== sample.termBlockCounts.length > 0) throw new Finding('its terms are gone');
    const terms = file.analyzer === undefined ? 'accepted' : await checkTerms(file, isGuarded ? sample.terms : undefined);
    if (!file.hasRecords || passages === 'refused' || terms === 'refused') return passages === 'refused' ? passages : terms;
    const records = await attempt(async () => {
      const all: DocumentRecord[] = [];
      for await (const record of file.records()) all.push(record);
      return all;
    });
    if (records === null) return 'refused';
    if (records.length !== file.owner.documentCount)
      throw new Finding(`${records.length} records of ${file.owner.documentCount} documents`);
    if (isGuarded && Buffer.compare(encodeBlock(records, sample.ids), encodeBlock(sample.records, sample.ids)) !== 0)
      throw new Finding('it says something else than was written');
    for (const [number, record] of records.entries()) checkRecord(record, idOf(number));
    const last = records.length - 1;
    if (last >= 0 && JSON.stringify(await file.record(last)) !== JSON.stringify(records[last]))
      throw new Finding('one record by itself is another');
    return 'accepted';
  } finally {
    await file.close();
  }
}

/** What a record must be, whoever wrote it: of the right types, and the same when it is written again. */
function checkRecord(record: DocumentRecord, id: string): void {
  checkMetadata({ ...record.metadata }, (key, wrong) => new Finding(`"${key}" ${wrong}`));
  for (let part = 0; part < Math.max(1, record.partLengths.length); part++) {
    const { start, end } = chunkSpan(record, part, 100);
    if (!(start >= 0 && end >= start)) throw new Finding(`a chunk has the span ${start} to ${end}`);
  }
  const again = decodeBlock(
    encodeBlock([record], [id]),
    1,
    () => id,
    (wrong) => new Finding(`written again, it is refused: ${wrong}`),
  );
  if (JSON.stringify(again[0]) !== JSON.stringify(record)) throw new Finding('written again, it is another');
}

/** Reads all passages in both ways. What a chunk has must tile, and be the same when it is written again. */
async function checkPassages(
  file: MetadataFile,
  expected: readonly (readonly ByteSpan[] | undefined)[] | undefined,
): Promise<Outcome> {
  const chunks = await attempt(async () => {
    const all: (readonly ByteSpan[] | undefined)[] = [];
    for await (const passages of file.allPassages()) all.push(passages);
    return all;
  });
  if (chunks === null) return 'refused';
  if (chunks.length !== file.owner.chunkCount)
    throw new Finding(`passages of ${chunks.length} chunks of ${file.owner.chunkCount}`);
  if (expected !== undefined && JSON.stringify(chunks) !== JSON.stringify(expected))
    throw new Finding('it says other passages than were written');
  for (const passages of chunks) {
    let before: ByteSpan = { start: -1, end: 0 };
    if (passages !== undefined && (passages.length < 2 || passages.length > MOST_PASSAGES))
      throw new Finding(`a chunk has ${passages.length} passages`);
    for (const span of passages ?? []) {
      if (!(span.start > before.start && span.start <= before.end && span.end > before.end && Number.isSafeInteger(span.end)))
        throw new Finding(`a passage is ${span.start} to ${span.end} behind ${before.start} to ${before.end}`);
      before = span;
    }
  }
  const again = decodePassages(
    encodePassages(chunks),
    chunks.length,
    (wrong) => new Finding(`written again, it is refused: ${wrong}`),
  );
  const last = chunks.length - 1;
  for (const [number, passages] of chunks.entries())
    if (JSON.stringify(again.passagesOf(number)) !== JSON.stringify(passages))
      throw new Finding('passages that are written again are others');
  if (last >= 0 && JSON.stringify(await file.passages(last)) !== JSON.stringify(chunks[last]))
    throw new Finding('the passages of one chunk by itself are others');
  return 'accepted';
}

/** Reads all terms in both ways. Those of a passage differ, occur once at least, and are the same when they are written again. */
async function checkTerms(file: MetadataFile, expected: readonly (readonly TermCounts[])[] | undefined): Promise<Outcome> {
  const chunks = await attempt(async () => {
    const all: (readonly TermCounts[])[] = [];
    for await (const terms of file.allTerms()) all.push(terms);
    return all;
  });
  if (chunks === null) return 'refused';
  if (chunks.length !== file.owner.chunkCount) throw new Finding(`terms of ${chunks.length} chunks of ${file.owner.chunkCount}`);
  if (expected !== undefined && sortedTerms(chunks) !== sortedTerms(expected))
    throw new Finding('it says other terms than were written');
  for (const { terms, counts } of chunks.flat()) {
    if (new Set(terms).size !== terms.length || counts.length !== terms.length) throw new Finding('a passage has a term twice');
    if (!counts.every((count) => Number.isInteger(count) && count > 0)) throw new Finding('a term occurs in no way');
  }
  const again = decodeTerms(encodeTerms(chunks), chunks.length, (wrong) => new Finding(`written again, it is refused: ${wrong}`));
  if (sortedTerms(chunks.map((_, number) => again.termsOf(number))) !== sortedTerms(chunks))
    throw new Finding('terms that are written again are others');
  const last = chunks.length - 1;
  if (last >= 0 && JSON.stringify(await file.terms(last)) !== JSON.stringify(chunks[last]))
    throw new Finding('the terms of one chunk by itself are others');
  return 'accepted';
}

/** The terms of chunks as a text: those of a passage in the order of their letters. */
function sortedTerms(chunks: readonly (readonly TermCounts[])[]): string {
  const texts = chunks.map((passages) =>
    passages.map(({ terms, counts }) => terms.map((term, place) => `${JSON.stringify(term)} ${counts[place]}`).sort()),
  );
  return JSON.stringify(texts);
}

/** The header of a file has more fields. */
function ownerOf({ documentCount, chunkCount, fingerprint, mappingChecksum }: MetadataFile['owner']): readonly number[] {
  return [documentCount, chunkCount, fingerprint, mappingChecksum];
}

/** The result, or null when an error of ours refused; anything else that is thrown is a finding. */
async function attempt<Result>(action: () => Promise<Result>): Promise<Result | null> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof CemError && !(error instanceof Finding)) return null;
    throw error instanceof Finding ? error : new Finding(`reading threw ${String(error)}`, error);
  }
}
