import { writeFileSync } from 'node:fs';
import { CemError } from '../../base/index.ts';
import { checkMetadata } from '../../data/metadata/check-metadata.ts';
import { chunkSpan, type DocumentRecord } from '../../data/metadata/document-record.ts';
import { decodeBlock, encodeBlock } from '../../data/metadata/metadata-block.ts';
import { MetadataFile } from '../../data/metadata/metadata-file.ts';
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
    if (!file.hasRecords) return isGuarded && sample.records.length > 0 ? fail('its records are gone') : 'accepted';
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

function fail(what: string): never {
  throw new Finding(what);
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
