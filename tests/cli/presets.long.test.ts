import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { askCommand } from '../../cli/commands/ask.ts';
import { ingestCommand } from '../../cli/commands/ingest.ts';
import { PRESETS } from '../../recipes/presets/index.ts';
import { withTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { saveIngestStudent } from '../recipes/ingest/student.ts';
import { runCommand } from './run-command.ts';

const test = suite('presets');

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const QUESTION = 'When is the lantern lit?';
const ANSWER = 'The lantern of the lighthouse is lit before sunset. [1]';
const GUIDE = '# Harbour guide of 2021\n\n## Lanterns\n\nThe lantern of the lighthouse is lit before sunset.\n';

interface Answered {
  readonly answer: string;
  readonly citations: readonly { readonly fields?: Readonly<Record<string, unknown>> }[];
}

/** What `cem serve` answers, in a process of its own. */
async function served(collections: string, preset: string, collection: string): Promise<string> {
  const words = ['serve', '--collections', collections, '--preset', preset, '--backend', 'cpu', '--port', '0', '--log', 'silent'];
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
  const exit = once(child, 'exit');
  try {
    let said = '';
    child.stderr.on('data', (data) => {
      said += data;
    });
    while (!/ at (http:\S+);/.test(said) && child.exitCode === null) await setTimeout(50);
    const address = / at (http:\S+);/.exec(said)?.[1];
    assert.ok(address, said);
    const response = await fetch(`${address}/v1/answers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ collection, question: QUESTION }),
    });
    const { answer } = (await response.json()) as Answered;
    child.kill('SIGTERM');
    assert.is((await exit)[0], 0, said);
    return answer;
  } finally {
    child.kill('SIGKILL');
  }
}

test('each starts and answers', () =>
  withTemporaryFolder(async (folder) => {
    const [files, checkpoint, library] = [join(folder, 'files'), join(folder, 'run'), join(folder, 'library')];
    await saveIngestStudent(checkpoint);
    await mkdir(files);
    await mkdir(library);
    await writeFile(join(files, 'guide.md'), GUIDE);
    const own = join(folder, 'production.yaml');
    await writeFile(own, `preset: finance\ningest: {checkpoint: ${JSON.stringify(checkpoint)}}\nanswer: {retrievers: bm25}\n`);
    for (const preset of [...PRESETS, own]) {
      const name = preset === own ? 'own' : preset;
      const into = join(library, name);
      const given = preset === own ? [] : ['--checkpoint', checkpoint];
      await runCommand(ingestCommand, [
        'ingest',
        files,
        '--into',
        into,
        '--preset',
        preset,
        ...given,
        '--json',
        '--backend',
        'cpu',
      ]);
      const words = ['ask', '--collection', into, '--preset', preset, '--retrievers', 'bm25', '--json', QUESTION];
      const { answer, citations } = JSON.parse(await runCommand(askCommand, words)) as Answered;
      assert.is(answer, ANSWER, preset);
      const dates = citations[0]!.fields?.['year'];
      assert.is(dates, ['finance', 'medical', own].includes(preset) ? 2021 : undefined, preset);
      assert.is(await served(library, preset, name), ANSWER, `served: ${preset}`);
    }
  }));

test.run();
