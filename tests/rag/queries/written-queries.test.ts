import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CemError } from '../../../base/index.ts';
import type { ChatMessage, ChatModel, ChatOptions } from '../../../rag/chat/index.ts';
import { ExpandingRetriever, MultiQueryRetriever } from '../../../rag/queries/index.ts';
import { readRewrites } from '../../../rag/queries/multi-query-retriever.ts';
import { languageOf } from '../../../rag/queries/query-language.ts';
import { FusionRetriever } from '../../../search/fusion/index.ts';
import type { Hit, Retriever, SearchOptions } from '../../../search/index.ts';
import { Bm25Retriever, wholeDocuments } from '../../../search/lexical/index.ts';

const test = suite('queries written by a chat model');

/** Answers by the last message; fails where there is no answer for it. */
class Scripted implements ChatModel {
  readonly name = 'scripted';
  readonly asked: { messages: readonly ChatMessage[]; options: ChatOptions }[] = [];
  readonly #answers: Readonly<Record<string, string>>;

  constructor(answers: Record<string, string>) {
    this.#answers = answers;
  }

  async complete(messages: readonly ChatMessage[], options: ChatOptions = {}): Promise<string> {
    this.asked.push({ messages, options });
    const answer = this.#answers[messages.at(-1)!.content];
    if (answer === undefined) throw new CemError('CHAT_MODEL', 'no answer');
    return answer;
  }
}

/** Remembers what it was asked. */
class Recording implements Retriever {
  readonly name: string;
  readonly asked: [queries: readonly string[], options: SearchOptions][] = [];
  readonly #inner: Retriever;

  constructor(inner: Retriever) {
    this.name = inner.name;
    this.#inner = inner;
  }

  search(queries: readonly string[], options: SearchOptions): Promise<Hit[][]> {
    this.asked.push([queries, options]);
    return this.#inner.search(queries, options);
  }
}

const documents = new Map([
  ['car', 'the automobile needs fuel'],
  ['tree', 'an oak has leaves'],
  ['fuel', 'petrol for an engine'],
  ['none', 'nothing here'],
]);
const recording = async (name = 'vector') => new Recording(await Bm25Retriever.create(wholeDocuments(documents), { name }));
const idsOf = (hits: readonly Hit[]) => hits.map(({ document }) => document);

test('a passage goes to the inner retriever behind the query; other retrievers of a fusion see the query', async () => {
  const chat = new Scripted({ 'how to drive': 'The automobile is driven.' });
  const [vectors, words] = [await recording(), await recording('bm25')];
  const notes: string[] = [];
  const hyde = new ExpandingRetriever(vectors, chat, { note: (line) => notes.push(line) });
  assert.is(hyde.name, 'vector');
  const filter = { documents: ['car', 'tree'] } as const;
  const fused = new FusionRetriever([{ retriever: words }, { retriever: hyde }]);
  const [hits] = await fused.search(['how to drive'], { k: 3, filter });
  assert.equal(idsOf(hits!), ['car']);
  assert.equal(vectors.asked[0]![0], ['how to drive\nThe automobile is driven.']);
  assert.equal(words.asked[0]![0], ['how to drive']);
  assert.equal(vectors.asked[0]![1].filter, filter);
  assert.equal(notes, []);
  const [{ messages, options }] = chat.asked as [(typeof chat.asked)[0]];
  assert.match(messages[0]!.content, /^Write one passage/);
  assert.equal(messages[1], { role: 'user', content: 'how to drive' });
  assert.ok(options.maxTokens! > 0 && options.signal !== undefined);
});

test('terms instead of a passage, a name of its own, and the language of the question', async () => {
  const chat = new Scripted({ 车: 'automobile, fuel' });
  const vectors = await recording();
  const expanding = new ExpandingRetriever(vectors, chat, { kind: 'terms', name: 'expanded', note: () => {} });
  const [hits] = await expanding.search(['车'], { k: 3 });
  assert.equal(vectors.asked[0]![0], ['车\nautomobile, fuel']);
  assert.equal(
    hits!.map(({ document, retriever }) => [document, retriever]),
    [['car', 'expanded']],
  );
  assert.match(chat.asked[0]!.messages[0]!.content, /同义词/);
  for (const query of ['什么是不可抗力', 'ERR_FOO_BAR 是什么错误', '第五百九十条', 'Kubernetes 的 Pod 为什么重启'])
    assert.is(languageOf(query), 'zh', query);
  for (const query of ['what is force majeure', 'ERR_FOO_BAR', '3.14', '', 'the meaning of the character 法 in classical texts'])
    assert.is(languageOf(query), 'en', query);
});

test('where the model fails the query is searched as it is, and that is said', async () => {
  const chat = new Scripted({ known: 'fuel' });
  const vectors = await recording();
  const notes: string[] = [];
  const expanding = new ExpandingRetriever(vectors, chat, { note: (line) => notes.push(line) });
  const found = await expanding.search(['oak', 'known'], { k: 2 });
  assert.equal(vectors.asked[0]![0], ['oak', 'known\nfuel']);
  assert.equal(found.map(idsOf), [['tree'], ['car']]);
  assert.equal(notes, ['the expansion of "oak" failed, and the query is searched as it is: no answer']);
  const reason = new Error('enough');
  const aborted = expanding.search(['oak'], { k: 2, signal: AbortSignal.abort(reason) });
  assert.is(await aborted.catch((error: unknown) => error), reason);
});

test('several ways to put a query are searched for, and their rankings fused; the query is always among them', async () => {
  const chat = new Scripted({
    'car oak': JSON.stringify({ queries: ['automobile', 'petrol engine', 'car oak', 'automobile'] }),
    leaves: 'no JSON at all is a list of one line',
  });
  const inner = await recording();
  const notes: string[] = [];
  const multi = new MultiQueryRetriever(inner, chat, { rewrites: 2, note: (line) => notes.push(line) });
  const filter = { documents: ['car', 'tree', 'fuel'] } as const;
  const [mixed, single, failed] = await multi.search(['car oak', 'leaves', 'fuel'], { k: 4, filter });
  assert.equal(
    inner.asked.map(([queries]) => queries),
    [['car oak', 'leaves', 'fuel'], ['automobile', 'no JSON at all is a list of one line'], ['petrol engine']],
  );
  for (const [, options] of inner.asked) assert.equal(options.filter, filter);
  // Each is first in one of the three rankings: equal scores, by id descending.
  assert.equal(idsOf(mixed!), ['tree', 'fuel', 'car']);
  assert.ok(mixed!.every(({ score }) => Math.abs(score - 1 / 61) < 1e-12));
  assert.is(mixed![0]!.retriever, 'vector');
  assert.is(idsOf(single!)[0], 'tree');
  assert.equal(idsOf(failed!), ['car']);
  assert.equal(notes, ['the rewriting of "fuel" failed, and the query is searched as it is: no answer']);
  assert.is(chat.asked[0]!.options.json, true);
  assert.match(chat.asked[0]!.messages[0]!.content, /2 different ways/);
  for (const rewrites of [0, 11, 1.5])
    assert.throws(() => new MultiQueryRetriever(inner, chat, { rewrites, note: () => {} }), /1 to 10 other ways/);
});

test('a query is unsearchable when it is so in every way it was put', async () => {
  const chat = new Scripted({ xyz: '["zyx"]', zzz: '["fuel"]' });
  const multi = new MultiQueryRetriever(await recording(), chat, { note: () => {} });
  const reasons: [number, string][] = [];
  const found = await multi.search(['xyz', 'zzz'], { k: 2, onUnsearchable: (query, reason) => reasons.push([query, reason]) });
  assert.equal(found.map(idsOf), [[], ['car']]);
  assert.equal(
    reasons.map(([query]) => query),
    [0],
  );
});

test('rewrites are read from JSON and from lines', () => {
  assert.equal(readRewrites('{"queries": ["a", "b", 3]}'), ['a', 'b']);
  assert.equal(readRewrites('```json\n["a"]\n```'), ['a']);
  assert.equal(readRewrites('1. first one\n2) second\n- "third"\n\n（4）第四'), ['first one', 'second', 'third', '第四']);
  assert.equal(readRewrites('{"other": []}'), []);
  assert.equal(readRewrites('2024 budget'), ['2024 budget']);
});

test.run();
