import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  addToCorpus,
  compactCorpus,
  corpusStatistics,
  type Document,
  SegmentedCorpus,
  type TermAnalyzer,
  verifyCorpus,
} from '../../../data/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('terms of a corpus of segments');

const analyzer = (fingerprint: string): TermAnalyzer => ({
  settings: { kind: 'test', fingerprint },
  terms: (text) => text.split(/\s+/).filter((word) => word !== ''),
});
const ANALYZER = analyzer('one');
const openTerms = async () => ANALYZER;
const SETTINGS = { level: 1, targetChunkSize: 200, dictionarySize: 4096, workers: 1, passageSize: 64 };

const source = (documents: readonly Document[]) =>
  async function* () {
    yield* documents;
  };
const prose = (seed: number): string => Array.from({ length: 40 }, (_, place) => `word${(seed * place) % 97}`).join(' ');
const FIRST = Array.from(
  { length: 12 },
  (_, number): Document => ({ id: `d${number}`, title: `Title ${number}`, text: prose(number) }),
);

/** Each chunk has the terms of its passages' own texts. */
async function checkTerms(folder: string): Promise<void> {
  await using corpus = await SegmentedCorpus.open(folder);
  assert.equal(corpus.termAnalyzer, ANALYZER.settings);
  const { passages, terms } = await verifyCorpus(corpus);
  assert.is(terms, passages);
  for (const id of corpus.ids()) {
    for (const chunk of corpus.chunksOf(id)) {
      const bytes = Buffer.from(await corpus.chunkText(chunk));
      const spans = (await corpus.passagesOf(chunk)) ?? [{ start: 0, end: bytes.length }];
      const expected = spans.map(({ start, end }) => ANALYZER.terms(bytes.toString('utf8', start, end)).toSorted());
      const kept = (await corpus.termsOf(chunk))!.map(({ terms: own, counts }) =>
        own.flatMap((term, place) => Array.from({ length: counts[place]! }, () => term)).toSorted(),
      );
      assert.equal(kept, expected);
    }
  }
}

test('terms are kept by additions and compactions; the title is among them', async () => {
  await withTemporaryFolder(async (parent) => {
    const folder = join(parent, 'corpus');
    await addToCorpus(folder, source(FIRST), { ...SETTINGS, terms: ANALYZER });
    assert.is((JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as { version: number }).version, 4);
    await checkTerms(folder);
    const changed = [
      { ...FIRST[3]!, text: prose(50) },
      { id: 'new', title: '', text: prose(51) },
    ];
    await addToCorpus(folder, source(changed), { openTerms });
    await checkTerms(folder);
    await compactCorpus(folder);
    await checkTerms(folder);
    await addToCorpus(folder, source([{ id: 'newer', title: '', text: 'one more' }]), { terms: ANALYZER });
    await compactCorpus(folder, { recompress: true, openTerms });
    await checkTerms(folder);
    await using corpus = await SegmentedCorpus.open(folder);
    const [first] = (await corpus.termsOf(corpus.chunksOf('d1')[0]!))!;
    assert.ok(first!.terms.includes('Title'));
    const { termBytes, metadataBytes } = await corpusStatistics(corpus);
    assert.ok(termBytes > 0 && termBytes < metadataBytes);
  });
});

test('another analyzer, or none at hand, is refused and changes nothing', async () => {
  await withTemporaryFolder(async (parent) => {
    const folder = join(parent, 'corpus');
    await addToCorpus(folder, source(FIRST), { ...SETTINGS, terms: ANALYZER });
    const before = await readFile(join(folder, 'manifest.json'), 'utf8');
    const more = source([{ id: 'more', title: '', text: 'more' }]);
    const codes: [string, () => Promise<unknown>][] = [
      ['CORPUS_SETTINGS', () => addToCorpus(folder, more, { terms: analyzer('other') })],
      ['CORPUS_SETTINGS', () => addToCorpus(folder, more, { terms: 'none' })],
      ['CORPUS_ANALYZER', () => addToCorpus(folder, more)],
      ['CORPUS_ANALYZER', () => addToCorpus(folder, more, { openTerms: async () => analyzer('other') })],
      ['CORPUS_ANALYZER', () => compactCorpus(folder, { recompress: true })],
    ];
    for (const [code, action] of codes) {
      const error = await errorOf(action);
      assert.is(error.code, code);
      assert.match(error.message, /fingerprint/);
    }
    assert.is(await readFile(join(folder, 'manifest.json'), 'utf8'), before);
    const plain = join(parent, 'plain');
    await addToCorpus(plain, source(FIRST), SETTINGS);
    assert.is((await errorOf(() => addToCorpus(plain, more, { terms: ANALYZER }))).code, 'CORPUS_SETTINGS');
    await addToCorpus(plain, more, { terms: 'none' });
    await using corpus = await SegmentedCorpus.open(plain);
    assert.is(corpus.termAnalyzer, undefined);
    assert.is(await corpus.termsOf(0), undefined);
  });
});

test('a manifest whose analyzer is not that of its segments is refused', async () => {
  await withTemporaryFolder(async (parent) => {
    const folder = join(parent, 'corpus');
    await addToCorpus(folder, source(FIRST), { ...SETTINGS, terms: ANALYZER });
    const path = join(folder, 'manifest.json');
    const manifest = JSON.parse(await readFile(path, 'utf8')) as { settings: object };
    for (const [code, terms] of [
      ['CORPUS_SEGMENT', { kind: 'test', fingerprint: 'two' }],
      ['CORPUS_FORMAT', { kind: 'test' }],
      ['CORPUS_FORMAT', 'words'],
    ] as const) {
      await writeFile(path, JSON.stringify({ ...manifest, settings: { ...manifest.settings, terms } }));
      assert.is((await errorOf(() => SegmentedCorpus.open(folder))).code, code);
    }
  });
});

test.run();
