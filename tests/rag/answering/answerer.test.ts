import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  Answerer,
  ChatReader,
  ExtractiveReader,
  GlobalView,
  RelevanceFilter,
  type SearchUnits,
} from '../../../rag/answering/index.ts';
import { fuseViews } from '../../../rag/answering/model-steps/global-info.ts';
import type { SearchResult } from '../../../rag/index.ts';
import { ScoringReranker } from '../../../rag/rerank/reranker.ts';
import { errorOf } from '../../fixtures/temporary-folder.ts';
import { answererOf, eventsOf, resultOf, Saying } from './fixtures.ts';

const test = suite('answers from a search');

const RESULTS = ['one', 'two', 'three', 'four', 'five'].map((name, place) =>
  resultOf(`${name}-0`, `The ${name} daemon listens on port ${place + 1}.`, { score: 1 - place / 10 }),
);
const READER = new ExtractiveReader({ minimum: 0 });

/** Finds what has a word of the query; remembers queries. */
function wordSearch(results: readonly SearchResult[]): { search: SearchUnits; queries: string[]; ks: number[] } {
  const [queries, ks]: [string[], number[]] = [[], []];
  const search: SearchUnits = async (query, { k }) => {
    queries.push(query);
    ks.push(k);
    const words = query.toLowerCase().match(/\p{L}+/gu) ?? [];
    return results.filter(({ text }) => words.some((word) => text.toLowerCase().includes(` ${word} `))).slice(0, k);
  };
  return { search, queries, ks };
}

class Reversing extends ScoringReranker {
  readonly name = 'reversing';

  async score(_query: string, texts: readonly string[]): Promise<number[]> {
    return texts.map((_, place) => place);
  }

  async dispose(): Promise<void> {}
}

test('k units are read; below a threshold none, and then the documents do not say', async () => {
  const answer = await new Answerer({ search: async (_, { k }) => RESULTS.slice(0, k), reader: READER, k: 2 }).answer({
    question: 'Which port?',
  });
  assert.equal(
    answer.sources.map(({ document }) => document),
    ['one-0', 'two-0'],
  );
  const some = await answererOf({ reader: READER, threshold: 0.75 }, RESULTS).answer({ question: 'Which port?' });
  assert.is(some.sources.length, 3);
  const none = await answererOf({ reader: READER, threshold: 2 }, RESULTS).answer({ question: 'Which port?' });
  assert.equal([none.answered, none.answer, none.sources], [false, 'The documents do not say.', []]);
  assert.ok(none.timings.total >= none.timings.retrieve);
});

test('a reranker reads more than is kept, and its scores are held against the threshold', async () => {
  const { search, ks } = wordSearch(RESULTS);
  const answerer = new Answerer({ search, reader: READER, reranker: new Reversing(), depth: 5, threshold: 3 });
  const answer = await answerer.answer({ question: 'daemon port', k: 3 });
  assert.equal(ks, [5]);
  assert.equal(
    answer.sources.map(({ document }) => document),
    ['five-0', 'four-0'],
  );
  assert.ok(answer.timings.rerank !== undefined);
});

test('what a reader cannot be asked is refused', async () => {
  for (const [request, code] of [
    [{ question: '  ' }, 'ANSWER_QUESTION'],
    [{ question: 'x'.repeat(10_001) }, 'ANSWER_QUESTION'],
    [{ question: 'a', k: 0 }, 'ANSWER_UNITS'],
    [{ question: 'a', k: 1.5 }, 'ANSWER_UNITS'],
  ] as const)
    assert.is((await errorOf(() => answererOf({ reader: READER }, RESULTS).answer(request))).code, code);
});

test('the order for long contexts: the best at both ends, their numbers by rank', async () => {
  const model = new Saying('{"answer": ""}');
  await answererOf({ reader: new ChatReader(model), reorder: true }, RESULTS).answer({ question: 'Which port?' });
  const heads = model.asked[0]!.messages[1]!.content.match(/\[Document \d\]/g);
  assert.equal(heads, ['[Document 1]', '[Document 3]', '[Document 5]', '[Document 4]', '[Document 2]']);
});

test('units that a model finds beside the question are left out; where it fails all are read', async () => {
  const judge = new Saying(
    '{"reasoning": "r", "scores": [{"doc_id": "1", "relevance": 0}, {"doc_id": 2, "relevance": 0.9}, {"doc_id": 3, "relevance": 0.1}, {"doc_id": 4, "relevance": "10%"}]}',
  );
  const reader = new Saying('{"answer": ""}');
  await answererOf({ reader: new ChatReader(reader), noise: new RelevanceFilter(judge) }, RESULTS).answer({
    question: 'Which port?',
  });
  assert.equal(reader.asked[0]!.messages[1]!.content.match(/\[Document \d\]/g), ['[Document 2]', '[Document 5]']);
  const notes: string[] = [];
  const failing = new Saying([]);
  failing.complete = async () => Promise.reject(new Error('gone'));
  const noise = new RelevanceFilter(failing, { note: (line) => notes.push(line) });
  const answer = await answererOf({ reader: READER, noise }, RESULTS).answer({ question: 'Which port?' });
  assert.ok(answer.answered);
  assert.match(notes[0]!, /all are read: gone/);
});

test('two views: 0.3 of the rank of documents by their descriptions, 0.7 of that of units', async () => {
  const info = (title: string) => ({ title, topic: '', sections: [], entities: [], docType: '' });
  const infos = new Map([
    ['three', info('ports of everything')],
    ['two', info('cats')],
  ]);
  const fused = await fuseViews('which ports?', RESULTS.slice(0, 3), infos);
  // 0.7 / 1; 0.7 / 3 + 0.3 / 1 = 0.533; 0.7 / 2 = 0.35.
  assert.equal(
    fused.map(({ document }) => document),
    ['one-0', 'three-0', 'two-0'],
  );
  const describing = new Saying(
    '{"title": "T", "topic": "about ports", "sections": ["S", 3], "entities": [], "doc_type": "manual"}',
  );
  const model = new Saying('{"answer": ""}');
  const globalInfo = new GlobalView(describing);
  const answerer = answererOf({ reader: new ChatReader(model), globalInfo }, RESULTS.slice(0, 2));
  await answerer.answer({ question: 'Which port?' });
  await answerer.answer({ question: 'Which port?' });
  assert.is(describing.asked.length, 2, 'each document is described once');
  assert.match(model.asked[0]!.messages[1]!.content, /^The documents as wholes:\n- T · manual · about ports · S\n- T/);
});

test('an agent searches for what is missing, three rounds at most, and gives the last answer', async () => {
  const { search, queries } = wordSearch(RESULTS);
  const quoting = (name: string, confidence: number) =>
    JSON.stringify({
      citations: [{ doc_id: name, text: `The ${name.replace('-0', '')} daemon`, relevance: 1 }],
      answer: `${name} [1]`,
      confidence,
    });
  const model = new Saying([quoting('one-0', 0.2), quoting('two-0', 0.5), quoting('two-0', 0.9)]);
  const gaps = new Saying(['{"gaps": ["g"], "queries": ["two", "What is one?"]}', '{"queries": ["three"]}']);
  const agent = { chat: gaps };
  const events = await eventsOf(
    new Answerer({ search, reader: new ChatReader(model), agent, k: 1 }).stream({ question: 'What is one?' }),
  );
  const last = events.at(-1)!;
  assert.ok(last.type === 'done');
  assert.is(last.answer.iterations, 3);
  assert.is(last.answer.confidence, 0.9);
  assert.ok(queries.includes('two'));
  assert.is(events.map((event) => (event.type === 'delta' ? event.text : '')).join(''), last.answer.answer);
  assert.is(queries.filter((query) => query === 'What is one?').length, 1);
});

test('an agent stops when it is sure, when nothing new is found, and when its budget is used up', async () => {
  const model = new Saying('{"answer": "x", "confidence": 0.3}');
  const gaps = new Saying('{"queries": ["again"]}');
  const same = await answererOf({ reader: new ChatReader(model), agent: { chat: gaps } }, RESULTS).answer({ question: 'Which?' });
  assert.is(same.iterations, 1);
  const spent = await answererOf({ reader: new ChatReader(model), agent: { chat: gaps, tokens: 0 } }, RESULTS).answer({
    question: 'Which?',
  });
  assert.is(spent.iterations, 1);
  assert.is(gaps.asked.length, 1);
});

test('a follow-up question is rewritten by a model; without one it is searched together with the question before', async () => {
  const { search, queries } = wordSearch(RESULTS);
  const history = [
    { role: 'user', content: 'What does the two daemon do?' },
    { role: 'assistant', content: 'It listens.' },
  ] as const;
  const chat = new Saying('Q: "Which port does the two daemon listen on?"');
  const rewritten = await new Answerer({ search, reader: READER, chat }).answer({ question: 'On which port?', history });
  assert.is(rewritten.question, 'Which port does the two daemon listen on?');
  const joined = await new Answerer({ search, reader: READER }).answer({
    question: 'And on which port does it listen?',
    history,
  });
  assert.is(joined.question, 'What does the two daemon do? And on which port does it listen?');
  const whole = await new Answerer({ search, reader: READER }).answer({
    question: 'Which port has the daemon named four today?',
    history,
  });
  assert.is(whole.question, undefined);
  assert.equal(queries, [
    'Which port does the two daemon listen on?',
    joined.question,
    'Which port has the daemon named four today?',
  ]);
});

test.run();
