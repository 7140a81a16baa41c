/**
 * `npm run checkpoint -- en|zh`: a checkpoint of the package from nothing. Fetches its corpus, trains, exports, measures, writes the model card. What is there is not made again, so that the same command
 * goes on after a cut; a stage is made anew when what it made is removed.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CemError, UsageError } from '../base/index.ts';
import { cardNotes } from './checkpoint/card-notes.ts';
import { CHECKPOINT_KINDS, type CheckpointKind } from './checkpoint/checkpoint-kinds.ts';
import { squadAsBeir } from './checkpoint/squad-as-beir.ts';

const USAGE = `npm run checkpoint -- ${Object.keys(CHECKPOINT_KINDS).join('|')} [--local DIR] [--models DIR] [--backend B] [--output DIR]

  --local DIR    data sets: a source of the corpus, and what the checkpoint is measured on (../shared/data)
  --models DIR   where the teacher is looked up before the hub (../shared/models)
  --backend B    what computes (auto)
  --output DIR   where the checkpoint goes (checkpoints/NAME)
`;

interface Options {
  readonly local: string;
  readonly models: string;
  readonly backend: string;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      local: { type: 'string', default: '../shared/data' },
      models: { type: 'string', default: '../shared/models' },
      backend: { type: 'string', default: 'auto' },
      output: { type: 'string' },
    },
  });
  const [language = ''] = positionals;
  const known = CHECKPOINT_KINDS[language];
  if (known === undefined || positionals.length !== 1)
    throw new UsageError('CHECKPOINT_LANGUAGE', `${JSON.stringify(positionals.join(' '))} names no checkpoint\n${USAGE}`);
  const kind = { ...known, output: values.output ?? known.output };
  const [corpus, run] = [join('corpora', kind.corpus), join('runs', kind.run)];
  if (existsSync(join(corpus, 'manifest.json'))) say(`${corpus} is there`);
  else await cem(['fetch-corpus', kind.corpus, '--into', corpus, ...localOf(values)]);
  const trained = existsSync(join(run, 'checkpoints')) ? ['--resume'] : [];
  await cem(['train', '--config', kind.config, '--run', run, '--models', values.models, '--backend', values.backend, ...trained]);
  await exportTo(kind, run, []);
  await evaluate(kind, values);
  const notes = join(run, 'notes.md');
  await writeFile(notes, await cardNotes(kind, language, corpus, run));
  await exportTo(kind, kind.output, ['--notes', notes]);
  say(`${kind.output} is made`);
}

function localOf({ local }: Options): string[] {
  return existsSync(local) ? ['--local', local] : [];
}

/** Exports a run, or an export once more, with its figures in the card. */
async function exportTo({ output }: CheckpointKind, from: string, more: readonly string[]): Promise<void> {
  if (from !== output)
    for (const name of existsSync(output) ? await readdir(output) : [])
      if (/^evaluation.*\.json$/.test(name)) await rm(join(output, name));
  const stored = from === output ? [] : ['--precision', 'fp16', '--tables', 'int4'];
  await cem(['export', '--checkpoint', from, '--output', output, '--force', ...stored, ...more]);
}

/** Measures the weights as they are stored, on each set that is there. */
async function evaluate({ sets, output }: CheckpointKind, { local, models, backend }: Options): Promise<void> {
  for (const { name, data, split, candidates } of sets) {
    const source = join(local, data);
    if (!existsSync(source)) {
      say(`${name}: skipped, ${source} is not there`);
      continue;
    }
    const folder = data.endsWith('.json') ? join('runs', 'sets', name) : source;
    if (folder !== source) await squadAsBeir(source, folder);
    const words = ['--checkpoint', output, '--data', folder, '--split', split, '--candidates', candidates];
    const compared = ['--dictionary', 'corpus', '--encoders', 'teacher,student,query-student,bm25,random'];
    const path = join(output, `evaluation-${name}.json`);
    const json = await cem(['eval', ...words, ...compared, '--models', models, '--backend', backend, '--json']);
    await mkdir(output, { recursive: true });
    await writeFile(`${path}.tmp`, json);
    await rename(`${path}.tmp`, path);
  }
}

/** Runs a command of `cem`; its progress is seen, what it prints is given back. */
async function cem(words: readonly string[]): Promise<string> {
  say(`cem ${words.join(' ')}`);
  const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  let printed = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (piece: string) => {
    printed += piece;
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (status !== 0)
    throw new CemError(
      'CHECKPOINT_STAGE',
      `cem ${words[0]} ended with ${status ?? 'a signal'}: mend what it says above, and run the same command again`,
    );
  return printed;
}

function say(line: string): void {
  process.stdout.write(`checkpoint: ${line}\n`);
}

await main().catch((error: unknown) => {
  process.stderr.write(`checkpoint: ${error instanceof CemError ? error.message : String(error)}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
