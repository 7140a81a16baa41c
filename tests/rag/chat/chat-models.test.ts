import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CachedChatModel, type ChatMessage, type ChatModel, type ChatOptions, OpenAiChatModel } from '../../../rag/chat/index.ts';
import { withJsonServer } from '../../fixtures/http-server.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('chat models');

const QUESTION: readonly ChatMessage[] = [
  { role: 'system', content: 'be short' },
  { role: 'user', content: '你好' },
];
const saying = (content: string | null) => ({ choices: [{ message: { role: 'assistant', content }, finish_reason: 'stop' }] });

async function withEnvironment(values: Record<string, string>, action: () => Promise<void>): Promise<void> {
  const before = Object.fromEntries(Object.keys(values).map((key) => [key, process.env[key]]));
  Object.assign(process.env, values);
  try {
    await action();
  } finally {
    for (const [key, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[key];
      else process.env[key] = value;
    }
  }
}

test("an endpoint of OpenAI's shape: request, answer, address and key of the environment", () =>
  withJsonServer(
    () => saying(' hello\n'),
    async (base, asked) => {
      await withEnvironment({ OPENAI_BASE_URL: `${base}/v1/`, OPENAI_API_KEY: 'secret', CEM_CHAT_MODEL: 'small' }, async () => {
        const model = new OpenAiChatModel();
        assert.is(model.name, `${new URL(base).host}#small`);
        assert.is(await model.complete(QUESTION, { maxTokens: 20, json: true }), 'hello');
        assert.is(await new OpenAiChatModel({ model: 'other', key: '' }).complete(QUESTION, { temperature: 0.5 }), 'hello');
      });
      assert.equal(asked, [
        {
          path: '/v1/chat/completions',
          authorization: 'Bearer secret',
          body: { model: 'small', messages: QUESTION, temperature: 0, max_tokens: 20, response_format: { type: 'json_object' } },
        },
        {
          path: '/v1/chat/completions',
          authorization: undefined,
          body: { model: 'other', messages: QUESTION, temperature: 0.5 },
        },
      ]);
    },
  ));

test('no answer, no model, no address', async () => {
  for (const answer of [saying(null), saying('  '), { choices: [] }, { error: 'x' }]) {
    await withJsonServer(
      () => answer,
      async (base) => {
        const error = await errorOf(() => new OpenAiChatModel({ baseUrl: base, model: 'm' }).complete(QUESTION));
        assert.is(error.code, 'CHAT_MODEL');
        assert.match(error.message, /said nothing/);
      },
    );
  }
  await withJsonServer(
    (_, response) => void response.writeHead(403).end('no'),
    async (base) => {
      const error = await errorOf(() => new OpenAiChatModel({ baseUrl: base, model: 'm', key: 'secret' }).complete(QUESTION));
      assert.match(error.message, /answered 403: no; the key is taken from OPENAI_API_KEY/);
      assert.not.match(error.message, /secret/);
    },
  );
  assert.throws(() => new OpenAiChatModel({ model: 'm', baseUrl: 'localhost' }), /is no address/);
  await withEnvironment({ CEM_CHAT_MODEL: '' }, async () => {
    assert.throws(() => new OpenAiChatModel({ baseUrl: 'http://x' }), /set CEM_CHAT_MODEL/);
  });
});

/** Counts how often it is asked. */
class Counting implements ChatModel {
  readonly name: string;
  asked = 0;

  constructor(name = 'counting') {
    this.name = name;
  }

  async complete(messages: readonly ChatMessage[], { temperature }: ChatOptions = {}): Promise<string> {
    this.asked++;
    return `${messages.at(-1)!.content} ${temperature ?? 0} ${this.asked}`;
  }
}

test('a cache asks once for the same messages with the same settings of the same model', async () => {
  const inner = new Counting();
  const cached = new CachedChatModel(inner);
  const first = await cached.complete(QUESTION);
  assert.is(await cached.complete(QUESTION, { temperature: 0 }), first);
  assert.is(inner.asked, 1);
  await cached.complete(QUESTION, { temperature: 1 });
  await cached.complete(QUESTION, { maxTokens: 5 });
  await cached.complete(QUESTION, { json: true });
  await cached.complete(QUESTION.slice(1));
  assert.is(inner.asked, 5);
  const reason = new Error('enough');
  assert.is(await cached.complete(QUESTION, { signal: AbortSignal.abort(reason) }).catch((error: unknown) => error), reason);
});

test('answers in a folder outlive the process; damaged ones are asked for again', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'answers');
    const [first, second, other] = [new Counting(), new Counting(), new Counting('other')];
    const answer = await new CachedChatModel(first, path).complete(QUESTION);
    assert.is(await new CachedChatModel(second, path).complete(QUESTION), answer);
    assert.is(second.asked, 0);
    await new CachedChatModel(other, path).complete(QUESTION);
    assert.is(other.asked, 1);
    for (const name of await readdir(path)) await writeFile(join(path, name), '{"model":');
    await new CachedChatModel(second, path).complete(QUESTION);
    assert.is(second.asked, 1);
  }));

test.run();
