import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Document, openCorpus, packCorpus } from '../../../data/index.ts';
import { packedLanguage } from '../../../recipes/shared/packed-language.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { writtenDocuments } from '../adapt/written-documents.ts';

const test = suite('packed language');

const CHINESE = ['守灯人每天傍晚点亮灯火，', '渡船在雾中慢慢靠岸，', '潮汐表挂在港务局的墙上，', '旧海图上画着许多浅滩，'];

const chinese = (count: number): Document[] =>
  Array.from({ length: count }, (_, number) => ({
    id: `z${number}`,
    title: '',
    text: CHINESE.map((_, place) => CHINESE[(number * (place + 1)) % 4]! + String(number * 31)).join(''),
  }));

test('is read off literals and dictionary, with one and without, where no decompressor works', () =>
  withTemporaryFolder(async (folder) => {
    const refusing = { decompressor: () => ({ decompress: () => assert.unreachable('something was decompressed') as never }) };
    for (const [language, documents] of [
      ['zh', chinese(120)],
      ['en', writtenDocuments(120)],
    ] as const) {
      for (const dictionary of [undefined, 'none'] as const) {
        const zpkg = join(folder, `${language}-${dictionary}.zpkg`);
        const source = async function* () {
          yield* documents;
        };
        await packCorpus(source, zpkg, { metadata: false, ...(dictionary && { dictionary }) });
        await using corpus = await openCorpus(zpkg, refusing);
        const found = (await packedLanguage(corpus)).language;
        // Of English that copies have cut through no frequent word may be left.
        assert.ok(found === language || (language === 'en' && found === 'und'), `${zpkg}: ${found}`);
      }
    }
  }));

test.run();
