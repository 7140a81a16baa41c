import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { evalCommand } from '../../cli/commands/eval.ts';
import { compareRetrievers } from '../../recipes/evaluate/index.ts';
import { anyBackend } from '../backend.ts';
import { errorOf, withTemporaryFolder, writeJsonl } from '../fixtures/temporary-folder.ts';
import { runCommand } from './run-command.ts';

const test = suite('cem eval --retrievers');

test.before(async () => {
  await anyBackend();
});

interface Result {
  documents: number;
  by_tag: boolean;
  encoders: Record<string, string>;
  sets: {
    name: string;
    filtered: number;
    tags: string[];
    modes: Record<string, Record<string, { queries: number; measures: Record<string, number> }>>;
    weights: Record<string, { chosen: string; weights: Record<string, number>[] }>;
    comparisons: { mode: string; against: string; p: number }[];
    latency: { stages: Record<string, { p50: number }> };
  }[];
}

const LAWS = {
  'river.txt':
    '中华人民共和国河流法\n第一条　为了保护河流，制定本法。\n第二条　禁止向河流排放污水。\n第二条之一　船舶不得在河流中倾倒垃圾。\n第三条　本法自公布之日起施行。\n',
  'forest.txt':
    '中华人民共和国森林法\n第一条　为了保护森林，制定本法。\n第二条　禁止采伐古树名木。\n第三条　本法自公布之日起施行。\n',
};
const question = (id: string, tag: string, query: string, law: string, article: string) => ({
  sample_id: id,
  db_name: 'law',
  tag,
  query,
  gold: { source_path: '', law: `中华人民共和国${law}`, article },
  note: '',
});

async function writeLaws(folder: string): Promise<{ laws: string; questions: string; others: string }> {
  const laws = join(folder, 'laws');
  await mkdir(laws);
  for (const [name, text] of Object.entries(LAWS)) await writeFile(join(laws, name), text);
  await writeFile(join(laws, 'picture.bin'), Buffer.from([0, 1, 2, 3]));
  const questions = await writeJsonl(join(folder, 'precise.jsonl'), [
    question('1', 'semantic', '可以采伐古树吗', '森林法', '第二条'),
    question('2', 'locate', '森林法第3条说什么', '森林法', '第三条'),
    question('3', 'locate', '河流法第二条之一', '河流法', '第二条之一'),
  ]);
  const others = await writeJsonl(join(folder, 'colloquial.jsonl'), [
    question('1', 'semantic', '船上的垃圾', '河流法', '第二条之一'),
  ]);
  return { laws, questions, others };
}

test('laws and questions: self-query filters, tags, two sets of queries', () =>
  withTemporaryFolder(async (folder) => {
    const { laws, questions, others } = await writeLaws(folder);
    const words = [
      'eval',
      '--retrievers',
      'bm25,dense,rrf',
      '--encoder',
      'random',
      '--data',
      laws,
      '--questions',
      questions,
      others,
    ];
    const result = JSON.parse(await runCommand(evalCommand, [...words, '--self-query', '--by', 'tag', '--json'])) as Result;
    assert.is(result.documents, 7);
    assert.is(result.by_tag, true);
    assert.equal(result.encoders, { dense: 'random' });
    const [precise, colloquial] = result.sets;
    assert.equal([precise!.name, colloquial!.name], ['precise', 'colloquial']);
    assert.is(precise!.filtered, 2);
    assert.equal(precise!.tags, ['all', 'semantic', 'locate']);
    // The filter leaves one article: even vectors at random find it.
    for (const mode of ['bm25', 'dense', 'rrf']) assert.is(precise!.modes[mode]!['locate']!.measures['hit_at_1'], 1, mode);
    assert.is(precise!.modes['bm25']!['semantic']!.measures['hit_at_1'], 1);
    assert.equal(
      precise!.comparisons.map(({ mode, against }) => [mode, against]),
      [
        ['dense', 'bm25'],
        ['rrf', 'bm25'],
      ],
    );
    assert.equal(Object.keys(precise!.latency.stages), ['self-query', 'bm25', 'dense', 'fuse rrf']);
    assert.is(colloquial!.filtered, 0);
    const text = await runCommand(evalCommand, [...words, '--weights', `questions:${others}`, '--by', 'tag']);
    assert.match(text, /tag locate: 2 queries/);
    assert.match(text, /weights of rrf: bm25 1 dense [\d.]+; chosen on colloquial, 1 queries/);
    assert.match(text, /milliseconds for a query/);
  }));

test('with the prefix an article is found by its law, without it is not', () =>
  withTemporaryFolder(async (folder) => {
    const { laws } = await writeLaws(folder);
    const questions = await writeJsonl(join(folder, 'q.jsonl'), [
      question('1', 'semantic', '森林法何时施行', '森林法', '第三条'),
    ]);
    const find = async (indexPrefix: boolean) => {
      const { sets } = await compareRetrievers({
        retrievers: 'bm25',
        data: laws,
        questions: [questions],
        indexPrefix,
        backend: 'cpu',
      });
      return sets[0]!.modes['bm25']!['all']!.measures['mrr_at_10'];
    };
    assert.is(await find(true), 1);
    // 第三条 of both laws is the same text, and a tie goes to the greater id, which is that of river.txt.
    assert.ok((await find(false))! < 1);
  }));

async function writeBeir(folder: string): Promise<string> {
  const words = ['granite', 'orchid', 'harbour', 'violin'];
  await mkdir(join(folder, 'qrels'), { recursive: true });
  await writeJsonl(
    join(folder, 'corpus.jsonl'),
    words.map((word) => ({ _id: word, title: '', text: `all about ${word}` })),
  );
  await writeJsonl(
    join(folder, 'queries.jsonl'),
    words.map((word) => ({ _id: `q-${word}`, text: `tell me of ${word}s` })),
  );
  for (const [split, chosen] of [
    ['test', words.slice(0, 3)],
    ['dev', words.slice(2)],
  ] as const) {
    const rows = chosen.map((word) => `q-${word}\t${word}\t1\n`).join('');
    await writeFile(join(folder, 'qrels', `${split}.tsv`), `query-id\tcorpus-id\tscore\n${rows}`);
  }
  return folder;
}

test('a BEIR folder: weights from another split, by cross-validation, reranking and HyDE by callbacks', () =>
  withTemporaryFolder(async (folder) => {
    const data = await writeBeir(folder);
    const json = async (...words: string[]) =>
      JSON.parse(await runCommand(evalCommand, ['eval', '--data', data, '--encoder', 'random', '--json', ...words])) as Result;
    const split = await json('--retrievers', 'bm25,rrf', '--weights', 'split:dev', '--recall-shares', 'bm25=0.4,dense=0.8');
    assert.is(split.sets[0]!.modes['bm25']!['all']!.measures['ndcg_at_10'], 1, 'stems are equal');
    assert.match(split.sets[0]!.weights['rrf']!.chosen, /^chosen on dev, 2 queries/);
    const crossed = await json('--retrievers', 'rrf', '--weights', 'cross-validation', '--candidates', 'judged');
    assert.is(crossed.documents, 3);
    assert.match(crossed.sets[0]!.weights['rrf']!.chosen, /3 folds/);
    const read: string[] = [];
    const { sets } = await compareRetrievers({
      retrievers: 'bm25+rerank,hyde_dense',
      data,
      encoder: 'random',
      backend: 'cpu',
      hyde: async (query) => `a text for ${query}`,
      rerank: async (_, texts) => {
        read.push(...texts);
        return texts.map(() => 0);
      },
    });
    assert.ok(read.includes('all about granite'));
    assert.equal(Object.keys(sets[0]!.modes), ['bm25+rerank', 'hyde_dense']);
    // A reranker that knows the answers, behind vectors that know nothing, with no say and by itself.
    const ranked = async (rerankShare: number) => {
      const compared = await compareRetrievers({
        retrievers: 'dense,dense+rerank',
        data,
        encoder: 'random',
        backend: 'cpu',
        rerankShare,
        rerank: async (query, texts) => texts.map((text) => Number(query.includes(text.split(' ').at(-1)!))),
      });
      return compared.sets[0]!.modes;
    };
    const silent = await ranked(0);
    assert.equal(silent['dense+rerank'], silent['dense']);
    assert.ok(silent['dense']!['all']!.measures['ndcg_at_10']! < 1);
    assert.is((await ranked(1))['dense+rerank']!['all']!.measures['ndcg_at_10'], 1);
  }));

test('HyDE by an endpoint: vectors are asked with the query and what the model wrote', () =>
  withTemporaryFolder(async (folder) => {
    const data = await writeBeir(folder);
    const asked: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.on('data', (piece) => {
        body += String(piece);
      });
      request.on('end', () => {
        const { model, messages } = JSON.parse(body) as { model: string; messages: { content: string }[] };
        asked.push(`${model}: ${messages.at(-1)!.content}`);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ choices: [{ message: { content: 'a passage' } }] }));
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const before = process.env['OPENAI_BASE_URL'];
    process.env['OPENAI_BASE_URL'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    try {
      const { sets } = await compareRetrievers({
        retrievers: 'hyde_rrf',
        data,
        encoder: 'random',
        backend: 'cpu',
        chatModel: 'tiny',
      });
      assert.equal(asked, ['tiny: tell me of granites', 'tiny: tell me of orchids', 'tiny: tell me of harbours']);
      assert.equal(Object.keys(sets[0]!.latency.stages), ['hyde', 'bm25', 'hyde_dense', 'fuse hyde_rrf']);
    } finally {
      if (before === undefined) delete process.env['OPENAI_BASE_URL'];
      else process.env['OPENAI_BASE_URL'] = before;
      server.close();
    }
  }));

test('options that do not go together', () =>
  withTemporaryFolder(async (folder) => {
    const data = await writeBeir(join(folder, 'beir'));
    for (const [words, code] of [
      [['--retrievers', 'rrf', '--output', 'x'], 'EVAL_RETRIEVERS'],
      [['--weights', 'bm25=1'], 'EVAL_RETRIEVERS'],
      [['--retrievers', 'bm25,rrf', '--weights', 'bm26=1'], 'EVAL_WEIGHTS'],
      [['--retrievers', 'bm25', '--self-query'], 'EVAL_SELF_QUERY'],
      [['--retrievers', 'hyde_dense'], 'EVAL_MODE_NEEDS'],
      [['--retrievers', 'bm25', '--k', '0'], 'EVAL_RETRIEVERS'],
      [['--retrievers', 'rrf-cem'], 'EVAL_RETRIEVERS'],
    ] as const) {
      const error = await errorOf(() => runCommand(evalCommand, ['eval', '--data', data, '--encoder', 'random', ...words]));
      assert.is(error.code, code, words.join(' '));
    }
    const laws = await writeLaws(folder);
    const lost = await writeJsonl(join(folder, 'lost.jsonl'), [question('9', 'semantic', '什么', '海洋法', '第一条')]);
    const error = await errorOf(() =>
      runCommand(evalCommand, ['eval', '--retrievers', 'bm25', '--data', laws.laws, '--questions', lost]),
    );
    assert.is(error.code, 'EVAL_QUESTIONS');
    assert.match(error.message, '9 by 中华人民共和国海洋法 第一条');
  }));

test.run();
