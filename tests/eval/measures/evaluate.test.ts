import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type EvaluationInput, evaluate } from '../../../eval/index.ts';
import type { Hit, Retriever } from '../../../search/index.ts';

const test = suite('evaluate');

/** A retriever with results given outright, best first, by query text. */
function fixed(name: string, results: Record<string, string[]>): Retriever & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    name,
    asked,
    async search(queries, { k }): Promise<Hit[][]> {
      asked.push(k);
      return queries.map((query) =>
        (results[query] ?? []).slice(0, k).map((document, rank) => ({ document, score: -rank, retriever: name })),
      );
    },
  };
}

const INPUT = {
  ids: ['a', 'b', 'c', 'q1'],
  queries: new Map([
    ['q1', 'one'],
    ['q2', 'two'],
    ['unjudged', 'three'],
  ]),
  qrels: new Map([
    ['q1', new Map([['a', 1]])],
    [
      'q2',
      new Map([
        ['b', 1],
        ['outside', 1],
        ['c', 0],
      ]),
    ],
  ]),
} satisfies Omit<EvaluationInput, 'retrievers'>;

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

test('rows side by side; judged queries only; one without results counts as 0', async () => {
  const good = fixed('good', { one: ['a', 'b'], two: ['b', 'a'] });
  const half = fixed('half', { one: ['b', 'a'] });
  const evaluation = await evaluate({ ...INPUT, retrievers: [good, half] });
  assert.is(evaluation.documents, 4);
  assert.is(evaluation.queries, 2);
  assert.is(evaluation.relevantNotCandidates, 1);
  const [first, second] = evaluation.rows;
  assert.is(first!.average['mrr_at_10'], 1);
  assert.is(first!.average['recall_at_10'], 0.75); // q2 finds b of b and outside
  assert.is(second!.average['mrr_at_10'], 0.25); // (1/2 + 0) / 2
  assert.is(second!.queriesWithoutResults, 1);
  assert.equal([...first!.perQuery.keys()], ['q1', 'q2']);
  assert.equal(good.asked, [1000]);
});

test('F26: queries of white space are not searched, count as 0, and are counted', async () => {
  const queries = new Map([
    ['q1', ' \n\t'],
    ['q2', 'two'],
  ]);
  const searched: string[] = [];
  const retriever: Retriever = {
    name: 'all',
    search: async (texts) => {
      searched.push(...texts);
      return texts.map(() => [{ document: 'b', score: 1, retriever: 'all' }]);
    },
  };
  const { rows, queriesWithoutText } = await evaluate({ ...INPUT, queries, retrievers: [retriever] });
  assert.equal(searched, ['two']);
  assert.is(queriesWithoutText, 1);
  assert.is(rows[0]!.queriesWithoutResults, 1);
  assert.is(rows[0]!.average['mrr_at_10'], 0.5); // (0 + 1) / 2
  const none = new Map(Array.from(queries.keys(), (id) => [id, '']));
  const empty = await evaluate({ ...INPUT, queries: none, retrievers: [retriever] });
  assert.equal([empty.queriesWithoutText, empty.rows[0]!.average['mrr_at_10'], searched.length], [2, 0, 1]);
});

test("the query's own id is dropped only when asked to", async () => {
  const retriever = fixed('own', { one: ['q1', 'a'], two: ['b'] });
  const kept = await evaluate({ ...INPUT, retrievers: [retriever], depth: 1 });
  const dropped = await evaluate({ ...INPUT, retrievers: [retriever], depth: 1, dropOwnId: true });
  assert.is(kept.rows[0]!.perQuery.get('q1')!['mrr_at_10'], 0);
  assert.is(dropped.rows[0]!.perQuery.get('q1')!['mrr_at_10'], 1);
  assert.equal(retriever.asked, [1, 2]);
});

test('ranks as trec_eval does, whatever order tied results come in', async () => {
  const tied: Retriever = {
    name: 'tied',
    search: async (queries) => queries.map(() => ['a', 'c', 'b'].map((document) => ({ document, score: 1, retriever: 'tied' }))),
  };
  const { rows } = await evaluate({ ...INPUT, retrievers: [tied] });
  assert.is(rows[0]!.perQuery.get('q1')!['mrr_at_10'], 1 / 3); // c, b, a
});

test('what makes no sense is refused', async () => {
  const retriever = fixed('r', { one: ['stranger'] });
  assert.is(await codeOf(evaluate({ ...INPUT, retrievers: [retriever] })), 'EVAL_UNKNOWN_DOCUMENT');
  assert.is(await codeOf(evaluate({ ...INPUT, retrievers: [fixed('r', {}), fixed('r', {})] })), 'EVAL_DUPLICATE_NAME');
  assert.is(await codeOf(evaluate({ ...INPUT, queries: new Map(), retrievers: [retriever] })), 'EVAL_UNKNOWN_QUERY');
  assert.is(await codeOf(evaluate({ ...INPUT, qrels: new Map(), retrievers: [retriever] })), 'EVAL_NO_QUERIES');
});

test.run();
