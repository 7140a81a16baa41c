import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ChatModel, Searcher } from '../../../rag/index.ts';
import { ingest } from '../../../recipes/ingest/index.ts';
import { openCollection } from '../../../recipes/search/index.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { saveIngestStudent } from './student.ts';

const test = suite('search in a collection');

// Three articles of a law that does not exist, as statutes are written.
const LAW = `中华人民共和国灯塔法

第一章　总　　则

第一条　为了保护航行安全，制定本法。

第二条　灯塔由守灯人管理。

第二章　守灯人

第三条　守灯人应当在日落以前点灯。
守灯人有下列情形之一的，可以缺席：
（一）患病；
（二）暴风雨。
`;
const GUIDE = `# Harbour guide

## Lanterns

The lantern of the lighthouse is lit before sunset. The error ERR_LAMP_OUT means that it went out.

## Cargo

Cargo is loaded by the derrick. A pilot guides the ferry past the jetty.
`;

const sourceOf = ({ metadata }: { readonly metadata?: object }): unknown => (metadata as { source?: string } | undefined)?.source;
const fieldsOf = ({ metadata }: { readonly metadata?: object }) =>
  (metadata as { fields?: Record<string, unknown> } | undefined)?.fields ?? {};

test('words, vectors and both; cited articles; what a chat model writes', () =>
  withTemporaryFolder(async (folder) => {
    const [files, into, checkpoint] = [join(folder, 'files'), join(folder, 'collection'), join(folder, 'run')];
    await saveIngestStudent(checkpoint);
    await mkdir(files);
    await writeFile(join(files, 'lighthouse.txt'), LAW);
    await writeFile(join(files, 'guide.md'), GUIDE);
    const result = await ingest({ paths: [files], into, checkpoint, backend: 'cpu' });
    assert.is(result.documents, 4, 'three articles and the guide');
    const opened = async (body: (searcher: Searcher) => Promise<void>, options: Parameters<typeof openCollection>[1] = {}) => {
      await using searcher = await openCollection(into, { queries: 'teacher', ...options });
      await body(searcher);
    };

    await opened(async (searcher) => {
      assert.is(searcher.description.retrievers, 'hybrid');
      const [first] = await searcher.search('ERR_LAMP_OUT', { k: 3 });
      assert.is(sourceOf(first!), 'files/guide.md');
      // The law is named by its short name; what the article says is not asked for.
      const cited = await searcher.search('灯塔法第三条', { k: 3 });
      assert.equal(
        cited.map((hit) => fieldsOf(hit)['article']),
        ['第三条'],
      );
      assert.match(cited[0]!.text, /^第三条\s*守灯人应当在日落以前点灯/);
      assert.match(cited[0]!.text, '暴风雨');
      assert.not.match(cited[0]!.text, '灯塔法');
    });
    await opened(
      async (searcher) => {
        const found = await searcher.search('灯塔法第三条', { k: 4 });
        assert.ok(found.length > 1, 'without the filter, words are words');
      },
      { retrievers: 'bm25', steps: { selfQuery: false } },
    );

    const asked: string[] = [];
    const chat: ChatModel = {
      name: 'written',
      complete: async (messages) => {
        asked.push(messages.at(-1)!.content);
        return 'cargo is loaded by the derrick';
      },
    };
    await opened((searcher) => searcher.search('how do goods get aboard', { k: 1 }).then(() => undefined), {
      steps: { expansion: 'passage', chat },
    });
    assert.is(asked.length, 1);
    const error = await errorOf(() =>
      openCollection(into, { retrievers: 'bm25', database: 'postgres://nobody@127.0.0.1:1/none' }),
    );
    assert.is(error.code, 'INDEX_OTHER_DATABASE');
    assert.is((await errorOf(() => openCollection(files))).code, 'COLLECTION_MISSING');
  }));

test.run();
