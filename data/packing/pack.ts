import { stat } from 'node:fs/promises';
import { CemError, UsageError } from '../../base/index.ts';
import { contentSize, createCompressor, type DictionaryBorders, ZpkgWriter } from '../../zpkg/index.ts';
import { type Document, documentText, isEmptyDocument } from '../documents/document.ts';
import { checkedDocument, recordOf } from '../documents/document-metadata.ts';
import { settleLeftFiles } from '../mapping/document-reader.ts';
import { IdTable } from '../mapping/id-table.ts';
import { mappingPathOf } from '../mapping/mapping.ts';
import type { DocumentRecord } from '../metadata/document-record.ts';
import { MetadataBuilder } from '../metadata/metadata-builder.ts';
import { metadataPathOf } from '../metadata/metadata-file.ts';
import { PassagesBuilder } from '../metadata/passages-builder.ts';
import type { TermAnalyzer } from '../metadata/term-analyzer.ts';
import { compressionThreads, compressTexts } from './compress-texts.ts';
import { dictionarySampleBytes, trainCorpusDictionary } from './corpus-dictionary.ts';
import { DictionarySample } from './dictionary-sample.ts';
import { type PassageOptions, passageSettingsOf } from './passage-options.ts';
import { settleSideFiles, writeNextSideFiles } from './side-files.ts';
import { SMALLEST_TARGET } from './split-text.ts';
import { TermsOfParts } from './terms-of-parts.ts';

export interface PackOptions extends PassageOptions {
  /** zstd level, -7..22; 19 by default: packed once, read often. */
  readonly level?: number;
  /** Largest compressed size of a chunk in bytes; 4096 by default. A larger document is split. */
  readonly targetChunkSize?: number;
  /** Size of the dictionary that is trained, in bytes; 65536 by default. A small corpus gets a smaller one: at most a 24th of its text. */
  readonly dictionarySize?: number;
  /** Where entries of the trained dictionary may begin and end; `any` by default. */
  readonly dictionaryBorders?: DictionaryBorders;
  /** A dictionary that is there already, or none; by default one is trained on the corpus. */
  readonly dictionary?: Uint8Array | 'none';
  /** Leave literals uncompressed. */
  readonly plainLiterals?: boolean;
  /** Threads that compress; by default one for every 4 MiB of text, at most one a core. The files do not depend on it. */
  readonly workers?: number;
  /** Seed of the sample that the dictionary is trained on. */
  readonly seed?: number;
  /** Write what is known of the documents beside their text (`<output>.meta`), when something is; true by default. Passages, which are written there as well, do not depend on it. */
  readonly metadata?: boolean;
  /** Keep the terms of each passage, as this analyzer cuts them, for an index of words (in `<output>.meta`, whatever `metadata` says); by default none. */
  readonly terms?: TermAnalyzer;
  /** Replace files that stand where the container, its mapping or its metadata go. */
  readonly force?: boolean;
  /** Called after each document; `total` is 0 while they are still counted. */
  readonly onProgress?: (stage: 'read' | 'train' | 'pack', done: number, total: number) => void;
}

/** What was packed; all sizes are bytes. */
export interface PackManifest {
  readonly output: string;
  readonly documents: number;
  readonly chunks: number;
  /** Documents of more than one chunk. */
  readonly splitDocuments: number;
  /** Documents without text: title and text are blank. They are packed like the others, and have nothing to be found by. */
  readonly emptyDocuments: number;
  /** Bytes of the texts in UTF-8. */
  readonly textBytes: number;
  /** The whole container: header, dictionary, chunks, index. */
  readonly containerBytes: number;
  readonly mappingBytes: number;
  /** 0 when there is none: nothing is known of the documents but their ids and texts, and each chunk is its own one passage. */
  readonly metadataBytes: number;
  /** Passages of all chunks; a chunk that is its own one passage counts as one. */
  readonly passages: number;
  /** What they take of `metadataBytes`. */
  readonly passageBytes: number;
  /** What their terms take of `metadataBytes`; 0 when none are kept. */
  readonly termBytes: number;
  readonly dictionaryBytes: number;
  /** 1 - (containerBytes + mappingBytes + metadataBytes) / textBytes; 0 when there is no text. */
  readonly saving: number;
  readonly level: number;
  readonly targetChunkSize: number;
}

interface Survey {
  readonly ids: IdTable;
  readonly textBytes: number;
  readonly emptyDocuments: number;
  readonly sample: readonly Uint8Array[];
}

/**
 * Packs a corpus into a container, its mapping (`<output>.map`) and, when something is known of its documents or chunks have passages, or terms are kept, metadata (`<output>.meta`), in two passes over
 * `documents`: ids and a sample for the dictionary, then the chunks. All files appear when everything is written; an error leaves what stood there before. Memory: the
 * sample, the ids, 12 bytes a chunk, the compressed metadata, and the texts that are with the threads (about half a million characters each).
 *
 * @throws UsageError `PACK_OPTION`, `CODEC_LEVEL`, `DICTIONARY_BORDERS`
 * @throws CemError `PACK_OUTPUT_EXISTS`, `PACK_EMPTY_CORPUS`, `PACK_DUPLICATE_ID`, `PACK_SOURCE_CHANGED`, `PACK_THREAD`, `DATA_FIELD`, `METADATA_TOO_LARGE`, `FILE_CREATE`, and as the source does
 */
export async function packCorpus(
  documents: () => AsyncIterable<Document>,
  output: string,
  options: PackOptions = {},
): Promise<PackManifest> {
  const { level = 19, targetChunkSize = 4096, dictionarySize = 65536 } = options;
  if (!Number.isInteger(targetChunkSize) || targetChunkSize < SMALLEST_TARGET) {
    throw new UsageError(
      'PACK_OPTION',
      `the target chunk size ${targetChunkSize} is not a whole number from ${SMALLEST_TARGET} on: it is the largest compressed size of a chunk in bytes`,
    );
  }
  if (!Number.isInteger(dictionarySize) || dictionarySize < 0) {
    throw new UsageError(
      'PACK_OPTION',
      `the dictionary size ${dictionarySize} is not a whole number of bytes: 0 is no dictionary`,
    );
  }
  if (options.workers !== undefined && (!Number.isInteger(options.workers) || options.workers < 1))
    throw new UsageError('PACK_OPTION', `${options.workers} is no number of threads: a whole number from 1 on`);
  const passages = passageSettingsOf(options);
  createCompressor({ level });
  if (options.force !== true) await refuseExisting(output);
  const trains = options.dictionary === undefined && dictionarySize > 0;
  const sample = new DictionarySample(trains ? dictionarySampleBytes(dictionarySize) : 0, options.seed ?? 1);
  const survey = await surveyCorpus(documents, trains ? sample : undefined, options);
  const dictionary = chooseDictionary(survey, dictionarySize, level, options);
  const plainLiterals = options.plainLiterals === true;
  const threads = options.workers ?? compressionThreads(survey.textBytes);
  const writer = await ZpkgWriter.create(output, { dictionary, plainLiterals });
  try {
    const chunkCounts = new Uint32Array(survey.ids.length);
    let document = 0;
    let splitDocuments = 0;
    const metadata = options.metadata === false ? undefined : new MetadataBuilder(dictionary);
    /** Records of the documents that were read and not yet compressed. */
    const records: DocumentRecord[] = [];
    const terms = options.terms && new TermsOfParts(options.terms, dictionary);
    const texts = textsAgain(documents, survey.ids, (read) => {
      if (metadata !== undefined) records.push(recordOf(checkedDocument(read)));
      terms?.read(documentText(read));
    });
    const passagesBuilder = new PassagesBuilder(dictionary);
    for await (const parts of compressTexts(texts, { level, dictionary, plainLiterals, targetChunkSize, passages }, threads)) {
      for (const part of parts) {
        await writer.append(part.frame);
        passagesBuilder.add(part.passages);
      }
      terms?.add(parts);
      chunkCounts[document] = parts.length;
      metadata?.add(
        survey.ids.at(document),
        records.shift()!,
        parts.length > 1 ? parts.map(({ frame }) => contentSize(frame)) : [],
      );
      if (parts.length > 1) splitDocuments += 1;
      document += 1;
      options.onProgress?.('pack', document, survey.ids.length);
    }
    const sections = [...(metadata?.finish() ?? []), ...passagesBuilder.finish(), ...(terms?.finish() ?? [])];
    let sideFiles = { mappingBytes: 0, metadataBytes: 0 };
    const { chunks, bytes: containerBytes } = await writer.finish(async ({ chunks: chunkCount, fingerprint }) => {
      await settleLeftFiles(output);
      sideFiles = await writeNextSideFiles(output, { ids: survey.ids, chunkCounts, chunkCount, fingerprint, sections });
    });
    await settleSideFiles(output, sections.length > 0);
    const { mappingBytes, metadataBytes } = sideFiles;
    return {
      output,
      documents: survey.ids.length,
      chunks,
      splitDocuments,
      emptyDocuments: survey.emptyDocuments,
      textBytes: survey.textBytes,
      containerBytes,
      mappingBytes,
      metadataBytes,
      passages: passagesBuilder.passages,
      passageBytes: passagesBuilder.bytes,
      termBytes: terms?.bytes ?? 0,
      dictionaryBytes: dictionary.length,
      saving: survey.textBytes === 0 ? 0 : 1 - (containerBytes + mappingBytes + metadataBytes) / survey.textBytes,
      level,
      targetChunkSize,
    };
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function surveyCorpus(
  documents: () => AsyncIterable<Document>,
  sample: DictionarySample | undefined,
  options: PackOptions,
): Promise<Survey> {
  const ids = new IdTable();
  let textBytes = 0;
  let emptyDocuments = 0;
  for await (const document of documents()) {
    if (!ids.add(document.id, document.origin)) throw await duplicateId(documents, document, ids.indexOf(document.id));
    if (isEmptyDocument(document)) emptyDocuments += 1;
    const text = Buffer.from(documentText(document), 'utf8');
    textBytes += text.length;
    sample?.add(text);
    options.onProgress?.('read', ids.length, 0);
  }
  if (ids.length === 0) {
    throw new CemError('PACK_EMPTY_CORPUS', 'the corpus has no documents, and a container of none is of no use: check the input');
  }
  return { ids, textBytes, emptyDocuments, sample: sample?.take() ?? [] };
}

/** The texts of a second pass, which must give the documents of the first. */
async function* textsAgain(
  documents: () => AsyncIterable<Document>,
  ids: IdTable,
  onDocument: (document: Document) => void,
): AsyncGenerator<string> {
  let number = 0;
  for await (const document of documents()) {
    if (number >= ids.length || ids.at(number) !== document.id) throw sourceChanged(document.id);
    onDocument(document);
    yield documentText(document);
    number += 1;
  }
  if (number !== ids.length) throw sourceChanged(ids.at(number));
}

function chooseDictionary(survey: Survey, dictionarySize: number, level: number, options: PackOptions): Uint8Array {
  if (options.dictionary === 'none') return new Uint8Array(0);
  if (options.dictionary !== undefined) return options.dictionary;
  if (dictionarySize === 0) return new Uint8Array(0);
  options.onProgress?.('train', 0, 1);
  const borders = options.dictionaryBorders ?? 'any';
  const dictionary = trainCorpusDictionary(survey.sample, survey.textBytes, { size: dictionarySize, level, borders });
  options.onProgress?.('train', 1, 1);
  return dictionary;
}

/** Says where both documents stand, which takes another pass up to the first of them. */
async function duplicateId(documents: () => AsyncIterable<Document>, second: Document, firstNumber: number): Promise<CemError> {
  let number = 0;
  let first: Document | undefined;
  for await (const document of documents()) {
    if (number === firstNumber) {
      first = document;
      break;
    }
    number += 1;
  }
  const places = [first?.origin ?? `document ${firstNumber + 1}`, second.origin ?? 'a later document'];
  return new CemError(
    'PACK_DUPLICATE_ID',
    `the id ${JSON.stringify(second.id)} occurs twice, in ${places.join(' and ')}: every document needs an id of its own`,
    {
      details: { id: second.id, places },
    },
  );
}

async function refuseExisting(output: string): Promise<void> {
  for (const path of [output, mappingPathOf(output), metadataPathOf(output)]) {
    const found = await stat(path).then(
      () => true,
      () => false,
    );
    if (found)
      throw new CemError('PACK_OUTPUT_EXISTS', `${path} is there already: take another name, or --force to replace it`, {
        details: { path },
      });
  }
}

function sourceChanged(id: string): CemError {
  return new CemError(
    'PACK_SOURCE_CHANGED',
    `the corpus changed while it was packed (at document ${JSON.stringify(id)}): pack it again when nothing writes to it`,
    {
      details: { id },
    },
  );
}
