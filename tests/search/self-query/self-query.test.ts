import { existsSync, readFileSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { compileFilter, type Filter, type Hit, type Retriever, type SearchOptions } from '../../../search/index.ts';
import { Bm25Retriever } from '../../../search/lexical/index.ts';
import {
  filterByModel,
  filterByRules,
  type KnownField,
  lawRules,
  parseSelfQueryRules,
  SelfQueryRetriever,
} from '../../../search/self-query/index.ts';

const [CRIMINAL, CIVIL, CONSTITUTION, PROCEDURE] = [
  '中华人民共和国刑法',
  '中华人民共和国民法典',
  '中华人民共和国宪法',
  '中华人民共和国刑事诉讼法',
] as const;
const LAWS = [
  { law: CRIMINAL, aliases: ['刑法'] },
  { law: CIVIL, aliases: ['民法典'] },
  { law: CONSTITUTION, aliases: ['宪法'] },
  { law: PROCEDURE, aliases: ['刑事诉讼法'] },
];
const RULES = parseSelfQueryRules(lawRules(LAWS));

const test = suite('self-query');

/** What passes, of the named articles: `law article`. */
function passes(query: string, articles: readonly (readonly [law: string, article: string])[]): string[] | undefined {
  const filter = filterByRules(query, RULES);
  if (filter === undefined) return undefined;
  const passesFilter = compileFilter(filter);
  return articles
    .filter(([law, article]) => passesFilter('x', { fields: { law, article } }))
    .map(([law, article]) => `${law} ${article}`);
}

/** The only article that passes, of many. */
function only(query: string): string | undefined {
  const numbers = [...Array(1300).keys()].map((number) => number + 1);
  const written = numbers.flatMap((number) => [
    `第${chinese(number)}条`,
    `第${chinese(number)}条之一`,
    `第${chinese(number)}条之二`,
  ]);
  return passes(
    query,
    LAWS.flatMap(({ law }) => written.map((article) => [law, article] as const)),
  )?.join(', ');
}

/** Another way of writing numbers than the product's: digit by digit. */
function chinese(value: number): string {
  const digits = [...String(value)].map(Number);
  const written = digits.map((digit, place) =>
    digit === 0 ? '零' : '零一二三四五六七八九'[digit]! + ['', '十', '百', '千'][digits.length - 1 - place]!,
  );
  return written.join('').replace(/零+/g, '零').replace(/零$/, '').replace(/^一十/, '十');
}

test('laws with articles, in both numerals and both languages', () => {
  for (const [query, wanted] of [
    ['刑法第十条', `${CRIMINAL} 第十条`],
    ['《刑法》第10条是什么', `${CRIMINAL} 第十条`],
    ['中华人民共和国刑法第十条', `${CRIMINAL} 第十条`],
    ['民法典第1165条', `${CIVIL} 第一千一百六十五条`],
    ['民法典 1165条', `${CIVIL} 第一千一百六十五条`],
    ['民法典第１１６５条', `${CIVIL} 第一千一百六十五条`],
    ['民法典（2020年）的第六十三条关于法人住所的确定与登记是怎么规定的？', `${CIVIL} 第六十三条`],
    ['刑法分则第二百六十四条', `${CRIMINAL} 第二百六十四条`],
    ['刑法第二编第五章第二百六十四条', `${CRIMINAL} 第二百六十四条`],
    ['刑法第一百三十三条之一', `${CRIMINAL} 第一百三十三条之一`],
    ['刑法第133条之一第二款', `${CRIMINAL} 第一百三十三条之一`],
    ['刑法第十条之一般原则', `${CRIMINAL} 第十条`],
    ['刑事诉讼法第二十条', `${PROCEDURE} 第二十条`],
    ['Criminal Law article 10', `${CRIMINAL} 第十条`],
    ['criminal law, Art. 133-1', `${CRIMINAL} 第一百三十三条之一`],
    ['What does article 37 of the Constitution say?', `${CONSTITUTION} 第三十七条`],
    ['Article 1165 of the Civil Code', `${CIVIL} 第一千一百六十五条`],
    ['刑法第十条和民法典第五条', `${CRIMINAL} 第十条, ${CIVIL} 第五条`],
    ['刑法第十条第一款、第十二条', `${CRIMINAL} 第十条, ${CRIMINAL} 第十二条`],
    ['刑法第十条至第十二条', `${CRIMINAL} 第十条, ${CRIMINAL} 第十一条, ${CRIMINAL} 第十二条`],
  ] as const)
    assert.is(only(query), wanted, query);
});

test('queries that state no article of a known law are not filtered', () => {
  for (const query of [
    '',
    '宠物咬人算我的事吗？',
    '刑法怎么规定盗窃',
    '第十条怎么规定',
    '合同第十条',
    '婚姻法第十条',
    '刑法修正案（十一）第三条',
    '最高人民法院关于适用民法典时间效力的解释第三条',
    '民法典有三条基本原则',
    'the criminal lawyer of article 10',
    '刑法第十条至第一千条',
    `${'刑'.repeat(5000)}法第十条`,
  ])
    assert.is(only(query), undefined, query.slice(0, 30));
});

test('hostile queries are read in time that grows with their length', () => {
  for (const piece of ['刑法in ', '刑法第十条、', '刑法（', '第', '刑法第一编 ', 'art. '])
    filterByRules(piece.repeat(2000), RULES);
});

test('both writings of the article pass, whatever the statute uses', () => {
  assert.equal(filterByRules('刑法第三十七条之一', RULES), {
    and: [
      { field: 'fields.law', equals: CRIMINAL },
      { field: 'fields.article', in: ['第三十七条之一', '第三十七条之1', '第37条之一', '第37条之1'] },
    ],
  });
});

test('names and patterns as rules of other collections', () => {
  const rules = parseSelfQueryRules([
    { kind: 'names', field: 'fields.product', names: { 'CEM Server': ['server'], 'CEM Client': ['client'] } },
    { kind: 'pattern', field: 'fields.version', pattern: '\\bv?(\\d+\\.\\d+)\\b' },
    { kind: 'pattern', field: 'fields.year', pattern: '\\b(?:19|20)\\d\\d\\b', number: true },
  ]);
  assert.equal(filterByRules('How do I start the server v2.1 of 2024?', rules), {
    and: [
      { field: 'fields.product', equals: 'CEM Server' },
      { field: 'fields.version', equals: '2.1' },
      { field: 'fields.year', equals: 2024 },
    ],
  });
  assert.equal(filterByRules('client or SERVER', rules), { field: 'fields.product', in: ['CEM Client', 'CEM Server'] });
  assert.is(filterByRules('observers and clients', rules), undefined, 'whole words');
  for (const wrong of [{ kind: 'pattern', field: 'x', pattern: '(' }, { kind: 'names', field: '', names: {} }, { kind: 'other' }])
    assert.throws(
      () => parseSelfQueryRules([wrong as never]),
      (error: { code?: string }) => error.code === 'SELF_QUERY_RULES',
    );
});

const FIELDS: readonly KnownField[] = [
  { field: 'fields.law', description: 'the law', type: 'text', values: [CRIMINAL, CIVIL] },
  { field: 'fields.article', description: 'the article', type: 'text', articles: true },
  { field: 'fields.year', description: 'the year', type: 'number' },
];

test('a model: JSON of the wanted form with known fields and values', async () => {
  let prompt = '';
  const answered = (answer: string) =>
    filterByModel('刑法第10条', FIELDS, async (asked) => {
      prompt = asked;
      return answer;
    });
  const good = `{"conditions":[{"field":"fields.law","equals":"${CRIMINAL}"},{"field":"fields.article","equals":"第10条"}]}`;
  assert.equal(await answered(good), {
    filter: {
      and: [
        { field: 'fields.law', equals: CRIMINAL },
        { field: 'fields.article', in: ['第十条', '第10条'] },
      ],
    },
  });
  assert.match(prompt, '"刑法第10条"');
  assert.match(prompt, CIVIL);
  assert.equal(await answered('{"conditions":[]}'), { filter: undefined });
  for (const [answer, problem] of [
    ['刑法', /no JSON/],
    ['{}', /another form/],
    [`{"conditions":[],"more":1}`, /another form/],
    ['{"conditions":[{"field":"fields.law","equals":null}]}', /another form/],
    ['{"conditions":[{"field":"labels","equals":"x"}]}', /"labels", which is not known/],
    ['{"conditions":[{"field":"fields.law","equals":"刑法典"}]}', /no value of it/],
    ['{"conditions":[{"field":"fields.year","equals":"2020"}]}', /no value of it/],
    ['{"conditions":[{"field":"fields.article","equals":"第十条和第十一条"}]}', /no value of it/],
  ] as const) {
    const result = await answered(answer);
    assert.is(result.filter, undefined, answer);
    assert.match(result.problem!, problem);
  }
  try {
    await filterByModel('x', FIELDS, () => Promise.reject(new Error('no model')));
    assert.unreachable();
  } catch (error) {
    assert.is((error as Error).message, 'no model');
  }
});

/** Remembers what it was asked. */
class Recorder implements Retriever {
  readonly name = 'inner';
  readonly asked: { queries: readonly string[]; filter: Filter | undefined }[] = [];
  async search(queries: readonly string[], { filter, onUnsearchable }: SearchOptions): Promise<Hit[][]> {
    this.asked.push({ queries, filter });
    queries.forEach((query, place) => {
      if (query === 'nothing') onUnsearchable?.(place, 'why');
    });
    const empty = JSON.stringify(filter ?? {}).includes('nowhere');
    return queries.map((query) => (empty || query === 'nothing' ? [] : [{ document: query, score: 1, retriever: 'inner' }]));
  }
}

test('the retriever: filters join the search, equal ones search together, and nothing found is searched again', async () => {
  const inner = new Recorder();
  const own: Record<string, Filter> = {
    a: { field: 'x', equals: 1 },
    b: { field: 'x', equals: 1 },
    c: { field: 'x', equals: 'nowhere' },
  };
  const retriever = new SelfQueryRetriever(inner, (query) => own[query], { name: 'outer' });
  const access: Filter = { access: ['staff'] };
  const unsearchable: [number, string][] = [];
  const found = await retriever.search(['a', 'free', 'b', 'c', 'nothing'], {
    k: 3,
    filter: access,
    onUnsearchable: (query, reason) => unsearchable.push([query, reason]),
  });
  assert.equal(
    found.map((hits) => hits.map(({ document, retriever: by }) => `${document} ${by}`)),
    [['a outer'], ['free outer'], ['b outer'], ['c outer'], []],
  );
  assert.equal(inner.asked, [
    { queries: ['a', 'b'], filter: { and: [access, { field: 'x', equals: 1 }] } },
    { queries: ['free', 'nothing'], filter: access },
    { queries: ['c'], filter: { and: [access, { field: 'x', equals: 'nowhere' }] } },
    { queries: ['c'], filter: access },
  ]);
  assert.equal(unsearchable, [[4, 'why']]);
  const strict = new SelfQueryRetriever(new Recorder(), (query) => own[query], { fallback: false });
  assert.equal(await strict.search(['c'], { k: 3 }), [[]]);
});

const SHARED = new URL('../../../../shared/data/law-zh-raw/', import.meta.url);
const lines = <T>(name: string): T[] =>
  readFileSync(new URL(name, SHARED), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

if (existsSync(SHARED)) {
  test('locate questions of law-zh: the law and the article of each, and no filter for any other question', async () => {
    interface Question {
      readonly tag: string;
      readonly query: string;
      readonly gold: { readonly law: string; readonly article: string };
    }
    const questions = [...lines<Question>('questions-high.jsonl'), ...lines<Question>('questions-low.jsonl')];
    const located = questions.filter(({ tag }) => tag === 'locate');
    assert.is(located.length, 20);
    for (const { query, gold, tag } of questions) {
      const filter = filterByRules(query, RULES);
      assert.is(filter !== undefined, tag === 'locate', query);
      if (filter !== undefined) assert.ok(compileFilter(filter)('x', { fields: gold }), query);
    }
    const articles = lines<{ law: string; article: string; record_index: number }>('expected-articles.jsonl');
    const units = articles.map(({ law, article }, place) => ({
      document: `${place}`,
      text: `${article} 规定`,
      metadata: { fields: { law, article } },
    }));
    const bm25 = new SelfQueryRetriever(await Bm25Retriever.create(units), (query) => filterByRules(query, RULES));
    const found = await bm25.search(
      located.map(({ query }) => query),
      { k: 1 },
    );
    for (const [place, { gold, query }] of located.entries()) {
      const { law, article } = articles[Number(found[place]![0]!.document)]!;
      assert.equal({ law, article }, { law: gold.law, article: gold.article }, query);
    }
  });
} else test('locate questions of law-zh: skipped, ../shared is not there', () => {});

test.run();
