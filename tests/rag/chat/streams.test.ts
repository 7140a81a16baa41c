import { writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import {
  CachedChatModel,
  type ChatMessage,
  type ChatUsage,
  LlamaChatModel,
  OpenAiChatModel,
  streamChat,
} from '../../../rag/chat/index.ts';
import { withJsonServer } from '../../fixtures/http-server.ts';
import { errorOf, withTemporaryFolder } from '../../fixtures/temporary-folder.ts';

const test = suite('chat models that stream');

const QUESTION: readonly ChatMessage[] = [
  { role: 'system', content: 'be short' },
  { role: 'user', content: '你好' },
];
const SCHEMA = { name: 'answer', schema: { type: 'object', properties: {}, required: [], additionalProperties: false } };

function streamed(response: ServerResponse, pieces: readonly string[], ended = true): undefined {
  response.setHeader('content-type', 'text/event-stream');
  for (const content of pieces) response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);
  response.write(
    `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 } })}\n\n`,
  );
  if (ended) response.end('data: [DONE]\n\n');
}

async function all(pieces: AsyncIterable<string>): Promise<string[]> {
  const list: string[] = [];
  for await (const piece of pieces) list.push(piece);
  return list;
}

test('pieces come as they are written, with what they took', () =>
  withJsonServer(
    (_, response) => streamed(response, ['he', 'llo ', '世界']),
    async (base, asked) => {
      const usages: ChatUsage[] = [];
      const model = new OpenAiChatModel({ baseUrl: `${base}/v1`, model: 'm', key: 'secret' });
      const onUsage = (usage: ChatUsage) => void usages.push(usage);
      assert.equal(await all(model.stream(QUESTION, { maxTokens: 9, onUsage })), ['he', 'llo ', '世界']);
      assert.equal(usages, [{ promptTokens: 7, completionTokens: 3 }]);
      assert.is(asked[0]!.authorization, 'Bearer secret');
      assert.is(asked[0]!.path, '/v1/chat/completions');
      assert.equal(asked[0]!.body, {
        model: 'm',
        messages: QUESTION,
        temperature: 0,
        max_tokens: 9,
        stream: true,
        stream_options: { include_usage: true },
      });
      await all(new OpenAiChatModel({ baseUrl: base, model: 'm', key: '' }).stream(QUESTION));
      assert.is(asked[1]!.authorization, undefined);
    },
  ));

test('an endpoint that refuses a schema is asked for JSON, then for text, and not again for what it refused', () =>
  withJsonServer(
    ({ body }, response) => {
      if (body.response_format !== undefined)
        return void response.writeHead(400).end('{"error": {"message": "response_format is not known"}}');
      if (body.stream === true) return streamed(response, ['{}']);
      return { choices: [{ message: { content: '{}' } }] };
    },
    async (base, asked) => {
      const model = new OpenAiChatModel({ baseUrl: base, model: 'm', retries: 0 });
      const options = { json: true, schema: SCHEMA };
      assert.equal(await all(model.stream(QUESTION, options)), ['{}']);
      assert.is(await model.complete(QUESTION, options), '{}');
      assert.equal(
        asked.map(({ body }) => body.response_format?.type),
        ['json_schema', 'json_object', undefined, undefined],
      );
      assert.equal(asked[0]!.body.response_format.json_schema, { ...SCHEMA, strict: true });
    },
  ));

test('failures name the endpoint and no key; an empty stream is one', async () => {
  await withJsonServer(
    (_, response) => void response.writeHead(401).end('{"error": {"message": "no"}}'),
    async (base) => {
      const model = new OpenAiChatModel({ baseUrl: base, model: 'm', key: 'secret' });
      const error = await errorOf(() => all(model.stream(QUESTION)));
      assert.is(error.code, 'CHAT_MODEL');
      assert.match(error.message, /answered 401.*the key is taken from OPENAI_API_KEY/);
      assert.not.match(error.message, /secret/);
    },
  );
  await withJsonServer(
    (_, response) => streamed(response, ['', ' ']),
    async (base) => {
      const error = await errorOf(() => all(new OpenAiChatModel({ baseUrl: base, model: 'm' }).stream(QUESTION)));
      assert.match(error.message, /said nothing: its stream is empty/);
    },
  );
});

test('an aborted stream ends with the reason', () =>
  withJsonServer(
    (_, response) => streamed(response, ['a', 'b'], false),
    async (base) => {
      const stop = new AbortController();
      const reason = new Error('enough');
      const pieces: string[] = [];
      const work = (async () => {
        for await (const piece of new OpenAiChatModel({ baseUrl: base, model: 'm' }).stream(QUESTION, { signal: stop.signal })) {
          pieces.push(piece);
          if (pieces.length === 2) stop.abort(reason);
        }
      })();
      assert.is(await work.catch((error: unknown) => error), reason);
      assert.equal(pieces, ['a', 'b']);
    },
  ));

test('a cache gives a known answer in one piece, and keeps no answer that was cut off', async () => {
  let asked = 0;
  const inner = {
    name: 'inner',
    complete: async () => 'ab',
    stream: async function* () {
      asked++;
      yield 'a';
      yield 'b';
    },
  };
  const cached = new CachedChatModel(inner);
  for await (const _ of cached.stream(QUESTION)) break;
  assert.equal(await all(cached.stream(QUESTION)), ['a', 'b']);
  assert.equal(await all(streamChat(cached, QUESTION)), ['ab']);
  assert.is(await cached.complete(QUESTION), 'ab');
  assert.is(asked, 2);
  assert.equal(await all(streamChat({ name: 'whole', complete: async () => 'x' }, QUESTION)), ['x']);
});

/** Stands for node-llama-cpp: repeats the last message, word by word. */
function fakeLlama(log: unknown[]) {
  let tokens = 0;
  return async () => ({
    getLlama: async () => ({
      loadModel: async ({ modelPath }: { modelPath: string }) => {
        log.push(['load', modelPath.split('/').at(-1)]);
        return {
          trainContextSize: 2048,
          tokenize: (text: string) => text.split(' '),
          createContext: async ({ contextSize }: { contextSize: number }) => ({
            contextSize,
            getSequence: () => ({ tokenMeter: { getState: () => ({ usedInputTokens: tokens, usedOutputTokens: 2 * tokens }) } }),
          }),
        };
      },
      createGrammarForJsonSchema: async (schema: unknown) => ({ schema }),
      dispose: async () => void log.push('disposed'),
    }),
    LlamaChatSession: class {
      setChatHistory(history: unknown): void {
        log.push(history);
      }

      async prompt(
        text: string,
        options: { onTextChunk: (piece: string) => void; signal: AbortSignal; grammar?: unknown },
      ): Promise<string> {
        if (options.grammar) log.push('grammar');
        for (const word of text.split(' ')) {
          await new Promise((resolve) => setImmediate(resolve));
          options.signal.throwIfAborted();
          options.onTextChunk(`${word} `);
          tokens++;
        }
        return text;
      }
    },
  });
}

test('a model in this process: one conversation at a time, its own tokens, and an end', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'small.gguf');
    await writeFile(path, 'GGUF');
    const log: unknown[] = [];
    const model = await LlamaChatModel.open({ path, load: fakeLlama(log) });
    assert.is(model.name, 'llama:small.gguf');
    assert.equal([model.tokens.context, model.tokens.count('a b c')], [2048, 3]);
    const usages: ChatUsage[] = [];
    const say = (content: string): ChatMessage[] => [
      { role: 'system', content: 's' },
      { role: 'user', content },
    ];
    const [first, second] = await Promise.all([
      all(model.stream(say('one two'), { onUsage: (usage) => usages.push(usage) })),
      model.complete(say('three'), { json: true, schema: SCHEMA }),
    ]);
    assert.equal([first, second], [['one ', 'two '], 'three']);
    assert.equal(usages, [{ promptTokens: 2, completionTokens: 4 }]);
    const stop = new AbortController();
    const reason = new Error('enough');
    const aborted = (async () => {
      for await (const _ of model.stream(say('a b c d'), { signal: stop.signal })) stop.abort(reason);
    })();
    assert.is(await aborted.catch((error: unknown) => error), reason);
    for await (const _ of model.stream(say('left early'))) break;
    assert.is((await errorOf(() => model.complete(say('')))).code, 'CHAT_MODEL');
    await model.dispose();
    assert.equal(
      log.filter((entry) => typeof entry === 'string'),
      ['grammar', 'disposed'],
    );
    assert.equal(log[1], [{ type: 'system', text: 's' }]);
  }));

test('without the file, or the package, it is said what to do', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'none.gguf');
    assert.match((await errorOf(() => LlamaChatModel.open({ path }))).message, /there is no model .*: name a GGUF file/);
    await writeFile(path, 'x');
    const load = () => Promise.reject(new Error('Cannot find package'));
    const error = await errorOf(() => LlamaChatModel.open({ path, load }));
    assert.is(error.code, 'CHAT_MODEL_PACKAGE');
    assert.match(error.message, /npm install node-llama-cpp@3/);
  }));

test.run();
