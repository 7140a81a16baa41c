import type { FastifyInstance } from 'fastify';
import OpenAI from 'openai';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { identifyRequests } from '../../../server/access/index.ts';
import { createHttpServer, listen } from '../../../server/index.ts';
import { registerOpenAi } from '../../../server/openai/index.ts';
import { ANSWER, CITATIONS, fakeServices } from '../fake-services.ts';

interface Context {
  server: FastifyInstance;
  client: OpenAI;
  url: string;
  asked: unknown[];
}

const test = suite<Context>("OpenAI's own client");

test.before.each(async (context) => {
  context.asked = [];
  context.server = createHttpServer({ bodyLimit: 1024 * 1024 });
  identifyRequests(context.server, undefined);
  registerOpenAi(context.server, fakeServices(context.asked));
  context.url = await listen(context.server, { host: '127.0.0.1', port: 0 });
  context.client = new OpenAI({ baseURL: `${context.url}/v1`, apiKey: 'none', maxRetries: 0 });
});
test.after.each(({ server }) => server.close());

async function failureOf(work: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  try {
    await work;
  } catch (error) {
    assert.instance(error, OpenAI.APIError);
    return error as InstanceType<typeof OpenAI.APIError>;
  }
  return assert.unreachable('nothing failed') as never;
}

test('embeddings: the client asks for base64 and gives numbers; queries unless said otherwise', async ({ client, asked }) => {
  const { data, model, usage } = await client.embeddings.create({ model: 'small', input: ['abc', '律'] });
  assert.equal(
    data.map(({ index, embedding }) => [index, [...embedding].map((value) => Math.fround(value))]),
    [
      [0, [Math.fround(0.1), 3, 1, -1]],
      [1, [Math.fround(0.1), 1, 1, -1]],
    ],
  );
  assert.is(model, 'small');
  // 3 bytes of abc, 3 of 律.
  assert.equal(usage, { prompt_tokens: 6, total_tokens: 6 });
  assert.equal(asked, [{ texts: ['abc', '律'], side: 'query', dimension: 4 }]);
});

test('embeddings: as numbers, shorter, of documents, by a collection of the same checkpoint', async ({ client, asked }) => {
  const request = { model: 'docs', input: 'abc', dimensions: 2, encoding_format: 'float', input_type: 'document' } as const;
  const answer = await client.embeddings.create(request);
  assert.equal(answer.data[0]!.embedding, [Math.fround(0.2), 3]);
  assert.equal((answer as { unread?: unknown }).unread, { texts: 1, bytes: 5 });
  assert.equal(asked, [{ texts: ['abc'], side: 'document', dimension: 2 }]);
});

test('embeddings: what is refused names the field in the form that the client reads', async ({ client }) => {
  const refused: [object, number, string | null, string, RegExp][] = [
    [{ model: 'small', input: [1, 2, 3] }, 400, 'input', 'REQUEST', /tokens/],
    [{ model: 'small', input: [[1], [2]] }, 400, 'input', 'REQUEST', /tokens/],
    [{ model: 'small', input: '' }, 400, 'input', 'REQUEST', /empty/],
    [{ model: 'small', input: [] }, 400, 'input', 'REQUEST', /1 to 2048/],
    [{ model: 'small' }, 400, 'input', 'REQUEST', /must be a text/],
    [{ input: 'x' }, 400, 'model', 'REQUEST', /./],
    [{ model: 'small', input: 'x', input_type: 'both' }, 400, 'input_type', 'REQUEST', /query/],
    [{ model: 'small', input: 'x', dimensions: 3 }, 400, null, 'DIMENSION_NOT_TRAINED', /3/],
    [{ model: 'small', input: ['x', 'y'.repeat(10_001)] }, 400, 'input', 'EMBEDDINGS_LENGTH', /text 2/],
    [{ model: 'absent', input: 'x' }, 404, 'model', 'model_not_found', /absent/],
  ];
  for (const [body, status, param, code, words] of refused) {
    const error = await failureOf(client.embeddings.create(body as never));
    assert.equal(
      [error.status, error.param, error.code, error.type],
      [status, param, code, 'invalid_request_error'],
      JSON.stringify(body),
    );
    assert.match(error.message, words);
    assert.not.match(error.message, /secret/);
  }
});

test('embeddings: a collection of another checkpoint is refused by name', async () => {
  const services = fakeServices();
  const server = createHttpServer({ bodyLimit: 1024 });
  identifyRequests(server, undefined);
  const other = { ...services.embeddings!, describe: async () => ({ revision: 'other', dimension: 4, dimensions: [4] }) };
  registerOpenAi(server, { ...services, embeddings: other });
  const response = await server.inject({ method: 'POST', url: '/v1/embeddings', payload: { model: 'docs', input: 'x' } });
  assert.is(response.statusCode, 400);
  assert.is(response.json().error.code, 'EMBEDDINGS_OTHER_CHECKPOINT');
  await server.close();
});

test('models: the collections and the checkpoint', async ({ client }) => {
  const ids: string[] = [];
  for await (const { id, object, owned_by } of client.models.list()) {
    assert.equal([object, owned_by], ['model', 'cem-rag']);
    ids.push(id);
  }
  assert.equal(ids, ['docs', 'more', 'small']);
  const docs = await client.models.retrieve('docs');
  assert.is(docs.created, Date.parse('2026-11-29T12:00:00.000Z') / 1000);
  const error = await failureOf(client.models.retrieve('absent'));
  assert.instance(error, OpenAI.NotFoundError);
  assert.is(error.code, 'model_not_found');
});

test('chat: the last message of the user is the question, what was said before it the history', async ({ client, asked }) => {
  const { choices, usage, ...rest } = await client.chat.completions.create({
    model: 'docs',
    messages: [
      { role: 'system', content: 'Speak like a pirate.' },
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'hi' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'how do I' },
          { type: 'text', text: 'resume?' },
        ],
      },
    ],
    temperature: 0.7,
    ...({ k: 3, filter: { field: 'source', equals: 'docs/training.md' } } as object),
  });
  const [{ signal, ...request }] = asked as [{ signal: AbortSignal }];
  assert.instance(signal, AbortSignal);
  assert.equal(request, {
    question: 'how do I\nresume?',
    history: [
      { role: 'user', content: 'hello' },
      { role: 'assistant', content: 'hi' },
    ],
    k: 3,
    filter: { field: 'source', equals: 'docs/training.md' },
  });
  const [choice] = choices;
  assert.equal([choice!.finish_reason, choice!.message.role, choice!.message.content], ['stop', 'assistant', ANSWER.answer]);
  assert.equal(usage, { prompt_tokens: 120, completion_tokens: 9, total_tokens: 129 });
  const extended = rest as unknown as { answered: boolean; citations: { fields?: object }[] };
  assert.is(extended.answered, true);
  assert.is(extended.citations.length, 2);
  assert.equal(extended.citations[0]!.fields, { law_name: 'kept', articleNumber: 5 });
});

test('chat: annotations are the marks in the answer, counted in characters, and lead to the units', async ({ client, url }) => {
  const { choices } = await client.chat.completions.create({ model: 'docs', messages: [{ role: 'user', content: 'resume?' }] });
  const annotations = choices[0]!.message.annotations!.map(({ url_citation }) => url_citation);
  const characters = [...ANSWER.answer];
  assert.equal(
    annotations.map(({ start_index, end_index }) => characters.slice(start_index, end_index).join('')),
    ['[1]', '[2]', '[1]'],
  );
  assert.equal(annotations[0], {
    start_index: 16,
    end_index: 19,
    url: `${url}/v1/collections/docs/units/a1-0`,
    title: 'Training',
  });
  // Without a title the source, and without that the id.
  assert.is(annotations[1]!.title, 'a1-1');
});

test('chat: chunks put together are the answer, with the same annotations and usage', async ({ client }) => {
  const messages = [{ role: 'user' as const, content: 'resume?' }];
  const whole = await client.chat.completions.create({ model: 'docs', messages });
  const stream = await client.chat.completions.create({
    model: 'docs',
    messages,
    stream: true,
    stream_options: { include_usage: true },
  });
  let content = '';
  const roles: unknown[] = [];
  const annotations: unknown[] = [];
  let last: OpenAI.ChatCompletionChunk | undefined;
  let citations: unknown;
  for await (const chunk of stream) {
    assert.is(chunk.object, 'chat.completion.chunk');
    const [choice] = chunk.choices;
    content += choice?.delta.content ?? '';
    if (choice?.delta.role) roles.push(choice.delta.role);
    annotations.push(...((choice?.delta as { annotations?: unknown[] } | undefined)?.annotations ?? []));
    citations ??= (chunk as { citations?: unknown }).citations;
    last = chunk;
  }
  assert.is(content, ANSWER.answer);
  assert.equal(roles, ['assistant']);
  assert.equal(annotations, whole.choices[0]!.message.annotations);
  assert.is((citations as unknown[]).length, CITATIONS.length);
  assert.equal([last!.choices, last!.usage], [[], whole.usage]);
});

test("chat: the client's own accumulation of a stream works", async ({ client }) => {
  const runner = client.chat.completions.stream({ model: 'docs', messages: [{ role: 'user', content: 'resume?' }] });
  const final = await runner.finalChatCompletion();
  assert.equal([final.choices[0]!.message.content, final.choices[0]!.finish_reason], [ANSWER.answer, 'stop']);
});

test('chat: what is refused before the answer begins has its status, in a stream too; what fails later ends the stream with the error', async ({
  client,
}) => {
  const ask = (content: string, stream: boolean, model = 'docs') =>
    client.chat.completions.create({ model, messages: [{ role: 'user', content }], stream });
  for (const stream of [false, true]) {
    const refused = await failureOf(ask('refused', stream));
    assert.equal([refused.status, refused.code, refused.type], [400, 'SEARCH_QUERY', 'invalid_request_error']);
    const missing = await failureOf(ask('x', stream, 'absent'));
    assert.equal([missing.status, missing.code, missing.param], [404, 'model_not_found', 'model']);
  }
  const whole = await failureOf(ask('bug', false));
  assert.equal([whole.status, whole.type, whole.code], [500, 'server_error', 'INTERNAL']);
  assert.not.match(whole.message, /secret/);
  const chunks = (await ask('bug', true)) as AsyncIterable<OpenAI.ChatCompletionChunk>;
  const later = await failureOf(
    (async () => {
      for await (const _ of chunks);
    })(),
  );
  assert.equal([later.type, later.code], ['server_error', 'INTERNAL']);
});

test('chat: bodies that ask for what is not there', async ({ client }) => {
  const user = [{ role: 'user', content: 'x' }];
  const refused: [object, string | null][] = [
    [{ model: 'docs', messages: [] }, 'messages'],
    [{ model: 'docs', messages: [{ role: 'assistant', content: 'x' }] }, 'messages'],
    [{ model: 'docs', messages: [{ role: 'user', content: ' ' }] }, 'messages.0'],
    [{ model: 'docs', messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] }, 'messages.0'],
    [{ model: 'docs', messages: [{ role: 'user', content: 'x'.repeat(10_001) }] }, 'messages.0'],
    [{ model: 'docs', messages: user, n: 2 }, 'n'],
    [{ model: 'docs', messages: user, response_format: { type: 'json_object' } }, 'response_format.type'],
    [{ model: 'docs', messages: user, filter: { access: ['hr'] } }, 'filter'],
    [{ model: 'docs', messages: user, k: 0 }, 'k'],
  ];
  for (const [body, param] of refused) {
    const error = await failureOf(client.chat.completions.create(body as never));
    assert.equal([error.status, error.param], [400, param], JSON.stringify(body));
  }
});

test('what never becomes a request of a route has the form of errors as well', async ({ url }) => {
  const response = await fetch(`${url}/v1/embeddings`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"model":',
  });
  assert.is(response.status, 400);
  const { error } = (await response.json()) as { error: { type: string; code: string; param: null } };
  assert.equal([error.type, error.code, error.param], ['invalid_request_error', 'BODY_NOT_JSON', null]);
});

test.run();
