import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../base/index.ts';
import { type CandidatePacking, packCandidates } from '../../../eval/encoders/packed-candidates.ts';
import { createDecompressor } from '../../../zpkg/index.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('packed candidates');

const WORDS = ['granite', 'Grüße', 'orchid', '漢字', 'harbour', '😀', 'violin', 'und', 'the'];
const random = new RandomNumbers(11, 'candidates');
/** From nothing to some chunks; a half surrogate is U+FFFD in UTF-8. */
const TEXTS = new Map(
  Array.from({ length: 60 }, (_, index) => {
    const sentences = Array.from({ length: (index * index) % 97 }, () => {
      const words = Array.from(
        { length: 3 + random.integer(12) },
        () => `${WORDS[random.integer(WORDS.length)]}${random.integer(50)}`,
      );
      return `${words.join(' ')}.${random.integer(4) === 0 ? '\n\n' : ' '}`;
    });
    return [`d${index}`, `${sentences.join('').trim()}${index === 7 ? '\ud800' : ''}`] as const;
  }),
);

const PACKING: CandidatePacking = { level: 3, targetChunkSize: 1500, dictionarySize: 2048 };
const refuse = () => ({
  decompress: () => {
    throw new Error('nothing may be decompressed');
  },
});

test('texts of passages are what their spans decompress to, and nothing is decompressed for them', () =>
  withTemporaryFolder(async (folder) => {
    for (const [passageSize, passageOverlap] of [
      [200, 0],
      [300, 90],
    ] as const) {
      const zpkg = join(folder, `${passageSize}.zpkg`);
      const packed = await packCandidates(TEXTS, zpkg, { ...PACKING, passageSize, passageOverlap }, { decompressor: refuse });
      try {
        const decompressor = createDecompressor(packed.chunks.dictionary);
        let passages = 0;
        let chunks = 0;
        for (const [id, text] of TEXTS) {
          const expected: string[] = [];
          for (const chunk of packed.chunks.chunksOf(id)) {
            const content = decompressor.decompress(await packed.chunks.compressedChunk(chunk));
            const spans = (await packed.chunks.passagesOf!(chunk)) ?? [{ start: 0, end: content.length }];
            for (const { start, end } of spans) expected.push(Buffer.from(content.subarray(start, end)).toString('utf8'));
            chunks += 1;
          }
          const got = await packed.passagesOf!(id);
          assert.equal(got, expected, id);
          if (passageOverlap === 0) assert.is(got.join(''), Buffer.from(text, 'utf8').toString('utf8'));
          passages += got.length;
        }
        assert.ok(chunks > TEXTS.size && passages > 2 * chunks, `${chunks} chunks, ${passages} passages`);
        assert.equal(packed.packing, {
          passage_bytes: passageSize,
          overlap_bytes: passageOverlap,
          window_documents: null,
          passages,
          document_score: 'best passage',
        });
      } finally {
        await packed.close();
      }
    }
  }));

test('without passages documents are read whole', () =>
  withTemporaryFolder(async (folder) => {
    const packed = await packCandidates(TEXTS, join(folder, 'whole.zpkg'), PACKING);
    assert.equal([packed.packing, packed.passagesOf], [null, undefined]);
    await packed.close();
  }));

test('windows: each document is its span of a frame of neighbours', () =>
  withTemporaryFolder(async (folder) => {
    for (const windowDocuments of [1, 7, 100]) {
      const zpkg = join(folder, `${windowDocuments}.zpkg`);
      const packed = await packCandidates(TEXTS, zpkg, { ...PACKING, windowDocuments }, { decompressor: refuse });
      try {
        assert.is(packed.manifest.chunks, Math.ceil(TEXTS.size / windowDocuments));
        assert.is(packed.packing!.window_documents, windowDocuments);
        const textBytes = [...TEXTS.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
        const { containerBytes, mappingBytes, saving } = packed.manifest;
        assert.equal([packed.manifest.textBytes, saving], [textBytes, 1 - (containerBytes + mappingBytes) / textBytes]);
        assert.is(packed.passagesOf, undefined, 'texts are read whole');
        const decompressor = createDecompressor(packed.chunks.dictionary);
        for (const [id, text] of TEXTS) {
          const [chunk, ...others] = packed.chunks.chunksOf(id);
          assert.equal(others, []);
          const [span, ...more] = (await packed.chunks.passagesOf!(chunk!))!;
          assert.equal(more, []);
          const content = decompressor.decompress(await packed.chunks.compressedChunk(chunk!));
          // A blank line stands between neighbours, and belongs to the one before it.
          assert.is(
            Buffer.from(content.subarray(span!.start, span!.end)).toString('utf8').trimEnd(),
            Buffer.from(text, 'utf8').toString('utf8'),
            id,
          );
        }
      } finally {
        await packed.close();
      }
    }
  }));

test.run();
