import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DocumentReader } from '../../../data/index.ts';
import { Searcher, searchAndRerank, synchroniseIndex } from '../../../rag/index.ts';
import { ScoringReranker } from '../../../rag/rerank/reranker.ts';
import { createDecompressor } from '../../../zpkg/index.ts';
import {
  DIMENSION,
  HashEncoder,
  makeDocuments,
  openTestDatabase,
  packDocuments,
  tableEmbedder,
  withFolder,
} from '../fixtures.ts';

const test = suite('a search with a reranker');

/** The longest text is the best; remembers what it read. */
class ByLength extends ScoringReranker {
  readonly name = 'by-length';
  readonly read: string[] = [];

  async score(_query: string, texts: readonly string[]): Promise<number[]> {
    this.read.push(...texts);
    return texts.map(({ length }) => length);
  }

  async dispose(): Promise<void> {}
}

test('invariant 2: what is decompressed are the results that the reranker reads, each once, and no others', () =>
  withFolder(async (folder) => {
    let decompressed = 0;
    const reader = await DocumentReader.open(await packDocuments(`${folder}/a.zpkg`, makeDocuments(40)), {
      decompressor: (dictionary) => {
        const real = createDecompressor(dictionary);
        return {
          decompress: (frame) => {
            decompressed++;
            return real.decompress(frame);
          },
        };
      },
    });
    const database = await openTestDatabase();
    const store = await database.store('reranked');
    await synchroniseIndex(reader, new HashEncoder(), store);
    const description = {
      documents: 0,
      chunks: 0,
      passages: 0,
      dimension: DIMENSION,
      checkpoint: 'c',
      teacher: 't',
      queries: 'teacher' as const,
    };
    const embedder = tableEmbedder(new Map());
    await using searcher = new Searcher({ embedder, store, texts: reader, description, close: () => reader.close() });
    const reranker = new ByLength();
    const found = await searchAndRerank(searcher, reranker, 'anything', { depth: 12, topN: 3 });
    assert.equal([decompressed, reranker.read.length, found.length], [12, 12, 3]);
    const lengths = reranker.read.map(({ length }) => length).sort((left, right) => right - left);
    assert.equal(
      found.map(({ text, score }) => [text.length, score]),
      lengths.slice(0, 3).map((length) => [length, length]),
    );
    // The order before is the searcher's.
    const before = await searcher.search('anything', { k: 12 });
    for (const { document, retrieved } of found) assert.is(before[retrieved!.rank - 1]!.document, document);
    await database.close();
  }));

test.run();
