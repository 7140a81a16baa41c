import { chunkTexts, type Document, DocumentReader, documentText, splitSentences } from '../../data/index.ts';

/** What a teacher is asked to embed of a corpus. */
export const GRANULARITIES = ['passages', 'sentences'] as const;
export type TextGranularity = (typeof GRANULARITIES)[number];

interface TextOptions {
  readonly granularity: TextGranularity;
  /** The documents' container: passages are then the texts of its chunks; without it, whole documents. */
  readonly zpkg?: string;
  /** Different sentences, at most, in the order of the documents. */
  readonly maximum: number;
}

/** Texts of documents as training cuts them. Sentences come once each; passages as often as they occur. */
export async function* teacherTexts(documents: AsyncIterable<Document>, options: TextOptions): AsyncGenerator<string> {
  if (options.granularity === 'passages') {
    yield* passages(documents, options.zpkg);
    return;
  }
  const seen = new Set<string>();
  for await (const passage of passages(documents, options.zpkg)) {
    for (const sentence of splitSentences(passage)) {
      if (seen.has(sentence)) continue;
      if (seen.size >= options.maximum) return;
      seen.add(sentence);
      yield sentence;
    }
  }
}

async function* passages(documents: AsyncIterable<Document>, zpkg: string | undefined): AsyncGenerator<string> {
  if (zpkg === undefined) {
    for await (const document of documents) yield documentText(document);
    return;
  }
  const reader = await DocumentReader.open(zpkg);
  try {
    for await (const { text } of chunkTexts(documents, reader)) yield text;
  } finally {
    await reader.close();
  }
}
