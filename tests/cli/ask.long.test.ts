import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { askCommand } from '../../cli/commands/ask.ts';
import { chatCommand } from '../../cli/commands/chat.ts';
import { ingest } from '../../recipes/ingest/index.ts';
import { anyBackend } from '../backend.ts';
import { withJsonServer } from '../fixtures/http-server.ts';
import { errorOf } from '../fixtures/temporary-folder.ts';
import { saveIngestStudent } from '../recipes/ingest/student.ts';
import { runCommand } from './run-command.ts';

interface Context {
  folder: string;
  collection: string;
}

const test = suite<Context>('cem ask and cem chat');

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const GUIDE = `# Harbour guide

## Lanterns

The lantern of the lighthouse is lit before sunset. ERR_LAMP_OUT means that it went out in 1911.

## Cargo

Cargo is loaded by the derrick. A pilot guides the ferry past the jetty.
`;
// Articles of a law that does not exist, as statutes are written.
const LAW = `中华人民共和国灯塔法

第一章　总　　则

第一条　为了保护航行安全，制定本法。

第二条　灯塔由守灯人管理，守灯人应当在日落以前点灯。

第三条　守灯人患病的，可以缺席。
`;

test.before(async (context) => {
  await anyBackend();
  context.folder = await mkdtemp(join(tmpdir(), 'cem-ask-'));
  context.collection = join(context.folder, 'collection');
  const [files, checkpoint] = [join(context.folder, 'files'), join(context.folder, 'run')];
  await saveIngestStudent(checkpoint);
  await mkdir(files);
  await writeFile(join(files, 'guide.md'), GUIDE);
  await writeFile(join(files, 'law.txt'), LAW);
  await ingest({ paths: [files], into: context.collection, checkpoint, backend: 'cpu' });
});
test.after(({ folder }) => rm(folder, { recursive: true, force: true }));

const words = (collection: string, ...more: string[]) => ['--collection', collection, '--retrievers', 'bm25', ...more];

test('without a model: sentences with their numbers, and each number with its words and place', async ({ collection }) => {
  const text = await runCommand(askCommand, ['ask', ...words(collection), 'When is the lantern of the lighthouse lit?']);
  assert.match(text, /^The lantern of the lighthouse is lit before sunset\. \[1\]/);
  assert.match(text, /\n\[1\] The lantern of the lighthouse is lit before sunset\.\n {4}source=files\/guide\.md \| .*Lanterns/);
  const law = await runCommand(askCommand, ['ask', ...words(collection), '灯塔由谁管理？']);
  assert.match(law, /source=files\/law\.txt \| 中华人民共和国灯塔法 \| 第一章 总\s*则 \| 第二条/u);
});

test('as JSON: answer, citations with doc_id, text and relevance, confidence', async ({ collection }) => {
  const answer = JSON.parse(
    await runCommand(askCommand, ['ask', ...words(collection), '--json', 'What does ERR_LAMP_OUT mean?']),
  );
  assert.match(answer.answer, /went out in 1911\. \[1\]/);
  const [citation] = answer.citations;
  assert.match(citation.doc_id, /^[0-9a-f]{40}-\d+$/);
  assert.match(citation.text, /^ERR_LAMP_OUT means/);
  assert.ok(citation.relevance > 0 && answer.confidence > 0 && answer.answered);
  assert.is(answer.sources[0].source, 'files/guide.md');
  const none = JSON.parse(
    await runCommand(askCommand, ['ask', ...words(collection), '--json', 'Which glacier melts on Jupiter?']),
  );
  assert.equal([none.answered, none.answer, none.citations], [false, 'The documents do not say.', []]);
});

test('an endpoint answers; what it cites and is not there is left out', async ({ collection }) => {
  const written = {
    citations: [
      { doc_id: '1', text: 'cargo is loaded by the derrick', relevance: 1 },
      { doc_id: '9', text: 'x y z' },
    ],
    answer: 'By the derrick [1][9].',
    confidence: 0.9,
  };
  await withJsonServer(
    (_, response) => {
      response.setHeader('content-type', 'text/event-stream');
      response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: JSON.stringify(written) } }] })}\n\n`);
      return void response.end('data: [DONE]\n\n');
    },
    async (base) => {
      const text = await runCommand(askCommand, [
        'ask',
        ...words(collection),
        '--llm',
        base,
        '--llm-model',
        'm',
        'How is cargo loaded?',
      ]);
      assert.match(text, /^By the derrick \[1\]\.\n\n\[1\] Cargo is loaded by the derrick\n {4}source=files\/guide\.md/);
    },
  );
});

test('what makes no sense is said', async ({ collection, folder }) => {
  const codeOf = async (...more: string[]) => (await errorOf(() => runCommand(askCommand, ['ask', 'why?', ...more]))).code;
  assert.is(await codeOf(), 'SEARCH_PLACE');
  assert.is(await codeOf(...words(collection, '--agent')), 'ANSWER_OPTIONS');
  assert.is(await codeOf(...words(collection, '--local-model', 'a.gguf', '--llm', 'http://x')), 'ANSWER_OPTIONS');
  assert.is(await codeOf(...words(collection, '--local-model', join(folder, 'none.gguf'))), 'CHAT_MODEL');
  assert.is(await codeOf(...words(collection, '--k', '0')), 'ANSWER_UNITS');
});

test('a conversation of lines, until exit', async ({ collection }) => {
  assert.ok(chatCommand.describe);
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, 'chat', ...words(collection)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.end('Who guides the ferry?\n\nAnd past what does he guide it?\nexit\nnot asked\n');
  let output = '';
  for await (const piece of child.stdout) output += String(piece);
  assert.is(output.match(/\[1\] A pilot guides the ferry past the jetty\./g)?.length, 2, output);
});

test.run();
