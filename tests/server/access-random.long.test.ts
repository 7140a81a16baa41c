import type { FastifyInstance } from 'fastify';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../base/index.ts';
import { ChatReader } from '../../rag/answering/index.ts';
import type { ChatMessage, ChatModel } from '../../rag/chat/index.ts';
import { openAnswering, openCollections } from '../../recipes/index.ts';
import { createCollectionsServer } from '../../server/index.ts';
import { type CollectionsPlace, collectionsPlace } from '../recipes/collections/open-collections.ts';
import { bearer, parseEvents, withKeys } from './collections-fixture.ts';

const test = suite('access over HTTP');

const number = (name: string, standard: number): number => Number(process.env[name] ?? standard);
/** CEM_ACCESS_QUERIES=10000 CEM_ACCESS_KEYS=20 CEM_ACCESS_UNITS=5000 is the whole of it. */
const QUERIES = number('CEM_ACCESS_QUERIES', 120);
const KEYS = number('CEM_ACCESS_KEYS', 6);
const UNITS = number('CEM_ACCESS_UNITS', 80);
const BATCH = 500;
/** Queries between two lines of a long run. */
const TOLD = 500;
const SEED = number('CEM_ACCESS_SEED', 1);
const LABELS = ['staff', 'legal', 'sales', 'board', 'ops'];
/** Words that the encoder of queries knows, so that vectors rank. */
const WORDS = ['anchor', 'beacon', 'cargo', 'ferry', 'island', 'lantern', 'navigator', 'pilot'];

interface Known {
  readonly id: string;
  readonly labels: readonly string[];
}

interface AgentAnswer {
  readonly sources: readonly object[];
  readonly citations: readonly object[];
  readonly iterations: number;
}

interface Asker {
  readonly headers: { readonly authorization: string };
  readonly labels: readonly string[];
  /** Ids of documents that it may see. */
  readonly mine: ReadonlySet<string>;
}

/** A filter, and which documents pass it by what the test knows of them. */
interface Filtering {
  readonly filter: object | undefined;
  readonly passes: (document: Known) => boolean;
}

let place: CollectionsPlace;
test.before(async () => {
  place = await collectionsPlace();
});
test.after(() => place.remove());

const some = (random: RandomNumbers, share: number): string[] => LABELS.filter(() => random.integer(100) < share);
/** Filters that let everything pass, also such as would open what is closed if they stood beside the labels of a key and not under them, and filters that let some pass. */
function someFilter(random: RandomNumbers, known: readonly Known[]): Filtering {
  const label = LABELS[random.integer(LABELS.length)]!;
  const named = new Set(Array.from({ length: 1 + random.integer(40) }, () => known[random.integer(known.length)]!.id));
  const isLabelled = { field: 'labels', equals: label };
  const isNamed = { documents: [...named].map((id) => `${id}-0`) };
  const has = ({ labels }: Known) => labels.includes(label);
  const all = () => true;
  return [
    { filter: undefined, passes: all },
    { filter: undefined, passes: all },
    { filter: { not: { documents: [] } }, passes: all },
    { filter: { or: [{ field: 'labels', equals: 'board' }, { not: { documents: ['x'] } }] }, passes: all },
    { filter: isLabelled, passes: has },
    { filter: { not: isLabelled }, passes: (one: Known) => !has(one) },
    { filter: isNamed, passes: ({ id }: Known) => named.has(id) },
    { filter: { or: [isNamed, isLabelled] }, passes: (one: Known) => named.has(one.id) || has(one) },
  ][random.integer(8)]!;
}

const documentOf = (unit: string): string => unit.replace(/-\d+$/, '');

/** The ids of documents that an answer of the server names by their own or by their units' ids, or by the number in their texts, wherever that stands in it. */
function namedIn(
  value: unknown,
  known: readonly Known[],
  ids: ReadonlySet<string>,
  named = new Set<string>(),
): ReadonlySet<string> {
  if (typeof value === 'string') {
    for (const [id] of value.matchAll(/[0-9a-f]{40}/g)) if (ids.has(id)) named.add(id);
    for (const [, number] of value.matchAll(/secret(\d+)x/g)) named.add(known[Number(number)]!.id);
  } else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) namedIn(inner, known, ids, named);
  return named;
}

/** A model that is never content: it searches again for words of every document, and says and cites what it was shown. What it was shown is kept. */
class Curious implements ChatModel {
  readonly name = 'curious';
  readonly shown: string[] = [];
  readonly #random = new RandomNumbers(SEED, 'curious');

  async complete(messages: readonly ChatMessage[]): Promise<string> {
    const text = messages.map(({ content }) => content).join('\n');
    this.shown.push(text);
    if (text.includes('"gaps"')) {
      const word = () => WORDS[this.#random.integer(WORDS.length)]!;
      const queries = Array.from({ length: 3 }, () => `secret${this.#random.integer(UNITS)}x ${word()} ${word()}`);
      return JSON.stringify({ gaps: ['all of it'], queries });
    }
    const quotes = [...text.matchAll(/harbour notes secret\d+x/g)].map(([quote]) => quote);
    const citations = quotes.map((quote, place) => ({ document: place + 1, quote }));
    return JSON.stringify({ reasoning: '', citations, answer: `It says: ${quotes.join(', ')}.`, confidence: 0.1 });
  }
}

async function fill(server: FastifyInstance, headers: object): Promise<Known[]> {
  const random = new RandomNumbers(SEED, 'documents');
  const known: Known[] = [];
  for (let start = 0; start < UNITS; start += BATCH) {
    const documents = Array.from({ length: Math.min(BATCH, UNITS - start) }, (_, offset) => {
      const words = Array.from({ length: 6 }, () => WORDS[random.integer(WORDS.length)]!).join(' ');
      // "secret" with its number names a document in texts, too.
      return {
        source: `d${start + offset}.txt`,
        text: `harbour notes secret${start + offset}x: ${words}.`,
        labels: some(random, 35),
      };
    });
    const answer = await server.inject({
      method: 'POST',
      url: '/v1/collections/one/documents',
      headers: { ...headers },
      payload: { documents, wait: true },
    });
    assert.is(answer.statusCode, 200, answer.payload);
    const put = answer.json().put as { documents: string[]; units: number }[];
    put.forEach((result, at) => {
      assert.is(result.units, 1);
      known.push({ id: result.documents[0]!, labels: documents[at]!.labels });
    });
  }
  return known;
}

test('random queries of random keys on every route name no document that a key may not see, and find as many as there are', async () => {
  await withKeys(async (ring, add) => {
    const database = process.env['CEM_TEST_DATABASE_URL'];
    const options = {
      folder: place.folder,
      checkpoint: place.checkpoint,
      backend: 'wasm',
      database: process.env['CEM_ACCESS_DATABASE'] ? database : undefined,
    };
    await using collections = await openCollections(options);
    await using answering = await openAnswering({ minimum: 0 });
    const server = await createCollectionsServer({ collections, answerer: (search) => answering.answerer(search), keys: ring });
    const curious = new Curious();
    const agent = { chat: curious, iterations: 2 };
    const agents = await createCollectionsServer({
      collections,
      answerer: (search) => answering.answerer(search, { reader: new ChatReader(curious), agent }),
      keys: ring,
    });
    const admin = bearer(await add({ name: 'admin', scope: 'admin', labels: 'everything' }));
    const ask = (headers: object, method: 'GET' | 'POST', url: string, payload?: object, asked = server) =>
      asked.inject({ method, url, headers: { ...headers }, ...(payload && { payload }) });
    assert.is((await ask(admin, 'POST', '/v1/collections', { name: 'one' })).statusCode, 201);
    const known = await fill(server, admin);
    const ids = new Set(known.map(({ id }) => id));

    const random = new RandomNumbers(SEED, 'askers');
    const askers: Asker[] = [];
    for (let place = 0; place < KEYS; place++) {
      const labels = some(random, 30);
      const headers = bearer(await add({ name: `key ${place}`, labels }));
      const mine = known.filter((one) => one.labels.length === 0 || one.labels.some((label) => labels.includes(label)));
      askers.push({ headers, labels, mine: new Set(mine.map(({ id }) => id)) });
    }

    let found = 0;
    let full = 0;
    let fewer = 0;
    const told = new Map<string, number>();
    const check = (asker: Asker, answer: unknown, what: string): void => {
      for (const id of namedIn(answer, known, ids)) {
        assert.ok(asker.mine.has(id), `${what} told ${id} to ${asker.labels.join(' ')}`);
        found++;
      }
      told.set(what, (told.get(what) ?? 0) + 1);
    };
    /** As many as were wanted, or all that there are. */
    const count = (got: number, k: number, permitted: number, what: string): void => {
      assert.is(got, Math.min(k, permitted), what);
      if (permitted < k) fewer++;
      else full++;
    };
    for (let query = 0; query < QUERIES; query++) {
      if (query > 0 && query % TOLD === 0) console.log(`access: ${query} queries so far, none forbidden in ${found}`);
      const asker = askers[random.integer(askers.length)]!;
      const k = 1 + random.integer(20);
      const { filter, passes } = someFilter(random, known);
      const permitted = known.filter((one) => asker.mine.has(one.id) && passes(one)).length;
      const words = `harbour anchor ${WORDS[random.integer(WORDS.length)]} ${WORDS[random.integer(WORDS.length)]}`;
      const retrievers = (['bm25', 'vectors', 'hybrid'] as const)[random.integer(3)]!;
      const target = known[random.integer(known.length)]!;
      const may = asker.mine.has(target.id);
      const get = (url: string) => ask(asker.headers, 'GET', `/v1/collections/one/${url}`);
      switch (random.integer(9)) {
        case 0:
        case 1: {
          const body = { collection: 'one', query: words, k, retrievers, units: random.integer(2) === 0, filter };
          const answer = await ask(asker.headers, 'POST', '/v1/search', body);
          assert.is(answer.statusCode, 200, answer.payload);
          check(asker, answer.json(), retrievers);
          count(answer.json().results.length, k, permitted, `${retrievers} ${JSON.stringify(body)}`);
          break;
        }
        case 2: {
          const stream = random.integer(2) === 0;
          const body = { collection: 'one', question: `what of the ${words}?`, k, retrievers, filter, stream };
          const answer = await ask(asker.headers, 'POST', '/v1/answers', body);
          assert.is(answer.statusCode, 200, answer.payload);
          const answered = stream ? parseEvents(answer.payload) : answer.json();
          check(asker, answered, 'answers');
          const { sources } = (stream ? (answered as { data: { sources: object[] } }[]).at(-1)!.data : answered) as {
            sources: object[];
          };
          count(sources.length, k, permitted, `${JSON.stringify(body)} ${answer.payload}`);
          break;
        }
        case 3: {
          const listed: string[] = [];
          // Pages of 20 to 1,000.
          const most = random.integer(2) === 0 ? 220 : 1001;
          for (let after = ''; ; ) {
            const answer = await get(`documents?limit=${20 + random.integer(most - 20)}${after && `&after=${after}`}`);
            check(asker, answer.json(), 'the list');
            listed.push(...answer.json().documents.map(({ id }: { id: string }) => id));
            if (answer.json().next === undefined) break;
            after = answer.json().next;
          }
          assert.equal(new Set(listed), asker.mine);
          break;
        }
        case 4: {
          const answer = await get(`documents/${target.id}`);
          assert.is(answer.statusCode, may ? 200 : 404);
          if (may) check(asker, answer.json(), 'a document');
          break;
        }
        case 5: {
          const stream = random.integer(2) === 0;
          const messages = [{ role: 'user', content: `what of the ${words}?` }];
          const body = { model: 'one', messages, k, filter, stream };
          const answer = await ask(asker.headers, 'POST', '/v1/chat/completions', body);
          assert.is(answer.statusCode, 200, answer.payload);
          check(asker, answer.payload, 'chat completions');
          // The sentence that answers is of one of those found, which this shape does not list.
          assert.is(/"answered":true/.test(answer.payload), permitted > 0, answer.payload);
          // What is cited of all that was found says how much that was.
          const all = await ask(asker.headers, 'POST', '/v1/chat/completions', body, agents);
          assert.is(all.statusCode, 200, all.payload);
          check(asker, all.payload, "the agent's chat completions");
          check(asker, curious.shown.splice(0), 'prompts of the agent');
          const cited = new Set(Array.from(all.payload.matchAll(/units\/([0-9a-f]{40}-\d+)/g), ([, unit]) => unit));
          count(Math.min(cited.size, k), k, permitted, `${JSON.stringify(body)} ${all.payload}`);
          break;
        }
        case 6: {
          const tool = may && random.integer(2) === 0 ? { name: 'read_unit', arguments: { id: `${target.id}-0` } } : undefined;
          const params = tool ?? { name: 'search', arguments: { query: words, k, filter } };
          const headers = { ...asker.headers, accept: 'application/json, text/event-stream' };
          const answer = await ask(headers, 'POST', '/mcp', { jsonrpc: '2.0', id: query, method: 'tools/call', params });
          assert.is(answer.statusCode, 200, answer.payload);
          check(asker, answer.payload, params.name);
          if (tool === undefined)
            count(
              answer.json().result.structuredContent.results.length,
              k,
              permitted,
              `${JSON.stringify(params)} ${answer.payload}`,
            );
          const forbidden = [...ids].find((id) => !asker.mine.has(id));
          if (forbidden === undefined) break;
          const read = { name: 'read_unit', arguments: { id: `${forbidden}-0` } };
          const refused = await ask(headers, 'POST', '/mcp', { jsonrpc: '2.0', id: query, method: 'tools/call', params: read });
          assert.match(refused.payload, /MCP_UNIT|no unit/);
          assert.not.match(refused.payload, /harbour notes/);
          break;
        }
        case 7: {
          const stream = random.integer(2) === 0;
          const body = { collection: 'one', question: `what of the ${words}?`, k, retrievers, filter, stream };
          const answer = await ask(asker.headers, 'POST', '/v1/answers', body, agents);
          assert.is(answer.statusCode, 200, answer.payload);
          const events = stream ? (parseEvents(answer.payload) as { data: AgentAnswer }[]) : [];
          const whole = stream ? events.at(-1)!.data : (answer.json() as AgentAnswer);
          check(asker, stream ? events : whole, 'the agent');
          check(asker, curious.shown.splice(0), 'prompts of the agent');
          const { sources, citations, iterations } = whole;
          // Every round finds k.
          count(Math.min(sources.length, k), k, permitted, `${JSON.stringify(body)} ${answer.payload}`);
          // The second round found something new, or all that there is was found before.
          assert.ok(permitted === 0 || (iterations >= 1 && iterations <= 2), answer.payload);
          assert.is(citations.length, sources.length);
          break;
        }
        default: {
          const answer = await get(`units/${target.id}-0`);
          assert.is(answer.statusCode, may ? 200 : 404);
          if (may) assert.is(documentOf(answer.json().id), target.id);
        }
      }
    }
    assert.ok(found > QUERIES, `${found}`);
    const routes = [...told].map(([what, times]) => `${what} ${times}`).join(', ');
    const where = options.database === undefined ? 'embedded' : 'PostgreSQL';
    console.log(
      `access: ${QUERIES} queries of ${KEYS} keys over ${known.length} units, ${where}: none forbidden in ${found}; ${full} times k of k or more, ${fewer} times all of fewer (${routes})`,
    );
    await server.close();
    await agents.close();
    if (options.database !== undefined) await collections.delete('one');
  });
});

test.run();
