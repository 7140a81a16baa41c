import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { identifyRequests } from '../../../server/access/index.ts';
import { createHttpServer, listen } from '../../../server/index.ts';
import { registerOpenAi } from '../../../server/openai/index.ts';
import { PYTHON, runPython } from '../../python.ts';
import { ANSWER, fakeServices } from '../fake-services.ts';

const test = suite("OpenAI's client in Python");

const PROGRAM = `
import json, sys
from openai import OpenAI, BadRequestError, NotFoundError

client = OpenAI(base_url=sys.argv[1] + "/v1", api_key="none", max_retries=0)
messages = [{"role": "user", "content": "resume?"}]
result = {}
vectors = client.embeddings.create(model="small", input=["abc"], extra_body={"input_type": "document"})
result["embedding"] = [round(value, 3) for value in vectors.data[0].embedding]
result["models"] = [model.id for model in client.models.list()]
answer = client.chat.completions.create(model="docs", messages=messages)
text = answer.choices[0].message.content
marks = [note.url_citation for note in answer.choices[0].message.annotations]
result["marks"] = [text[mark.start_index:mark.end_index] for mark in marks]
result["tokens"] = answer.usage.total_tokens
stream = client.chat.completions.create(model="docs", messages=messages, stream=True, stream_options={"include_usage": True})
chunks = list(stream)
result["streamed"] = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
result["usage"] = chunks[-1].usage.total_tokens
try:
    client.chat.completions.create(model="absent", messages=messages)
except NotFoundError as error:
    result["missing"] = error.code
try:
    client.embeddings.create(model="small", input=[1, 2, 3])
except BadRequestError as error:
    result["refused"] = error.param
print(json.dumps(result))
`;

if (PYTHON === undefined) {
  test.skip('skipped: CEM_PYTHON names no Python with the package openai', () => undefined);
  console.log("OpenAI's client in Python: skipped, CEM_PYTHON names no Python with the package openai");
} else {
  test('embeddings, models, chat, streams and errors', async () => {
    const server = createHttpServer({ bodyLimit: 1024 * 1024 });
    identifyRequests(server, undefined);
    registerOpenAi(server, fakeServices());
    const url = await listen(server, { host: '127.0.0.1', port: 0 });
    try {
      const { status, output } = await runPython(['-c', PROGRAM, url]);
      assert.is(status, 0, output);
      assert.equal(JSON.parse(output.trim().split('\n').at(-1)!), {
        embedding: [0.2, 3, 1, -1],
        models: ['docs', 'more', 'small'],
        marks: ['[1]', '[2]', '[1]'],
        tokens: 129,
        streamed: ANSWER.answer,
        usage: 129,
        missing: 'model_not_found',
        refused: 'input',
      });
    } finally {
      await server.close();
    }
  });
}

test.run();
