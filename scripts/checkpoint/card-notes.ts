import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes, formatDuration, formatShare } from '../../base/index.ts';
import type { CorpusManifest } from '../../recipes/fetch-corpus/index.ts';
import type { CheckpointKind } from './checkpoint-kinds.ts';

interface StepRecord {
  readonly step: number;
  readonly seconds: number;
  readonly memory: number;
}

interface Measured {
  readonly encoders: Readonly<Record<string, { readonly ndcg_at_10: number }>>;
  readonly retention?: number;
  readonly saving?: number;
}

/** What the model card says of a checkpoint beside what its export knows: data and licences, time and memory, figures. Everything is read from the files that the stages left. */
export async function cardNotes(kind: CheckpointKind, language: string, corpus: string, run: string): Promise<string> {
  const manifest = JSON.parse(await readFile(join(corpus, 'manifest.json'), 'utf8')) as CorpusManifest;
  return [...dataNotes(manifest), ...(await timeNotes(run)), ...(await figureNotes(kind)), ...again(language)].join('\n');
}

function dataNotes({ corpus, sources, passages, definitions, words, questions, keptOut }: CorpusManifest): string[] {
  const left = sources.reduce((sum, one) => sum + Object.values(one.keptOut).reduce((all, count) => all + count, 0), 0);
  return [
    '## Data and licences',
    '',
    `Trained on the corpus that \`cem fetch-corpus ${corpus}\` makes: ${number(passages)} passages and their sentences, ${number(definitions)} definitions, ${number(words)} words and terms, ${number(questions)} questions about terms. ${number(left)} texts were left out because they have a run of words in common with a set that measures encoders (${keptOut.join(', ')}). This folder holds none of the texts.`,
    '',
    '| source | package | passages | definitions | licence of the texts |',
    '| --- | --- | ---: | ---: | --- |',
    ...sources.map(
      (one) =>
        `| ${one.name} | ${one.registry}: ${one.package}${one.version === '' ? '' : ` ${one.version}`} | ${number(one.passages)} | ${number(one.definitions)} | ${one.licence} |`,
    ),
    '',
  ];
}

async function timeNotes(run: string): Promise<string[]> {
  const environment = JSON.parse(await readFile(join(run, 'environment.json'), 'utf8')) as Record<string, unknown>;
  const parts = [
    ["the documents' encoder", run],
    ['the query student', join(run, 'query')],
  ] as const;
  const lines: string[] = [];
  for (const [what, folder] of parts) {
    const last = await lastStep(folder);
    if (last === undefined) continue;
    const { step, seconds, peak } = last;
    lines.push(
      `- ${what}: ${number(step)} steps, ${formatDuration(seconds)} of training, at most ${formatBytes(peak)} of memory`,
    );
  }
  return [
    '## Time and machine',
    '',
    `${environment['cores']} cores (${environment['cpu']}), backend \`${environment['backend']}\` (${environment['backendDetail']}), Node ${environment['node']}; labels of the teacher and the warm start of the tables apart. Times are of a machine with other work beside.`,
    '',
    ...lines,
    '',
  ];
}

async function lastStep(folder: string): Promise<{ step: number; seconds: number; peak: number } | undefined> {
  const path = join(folder, 'metrics.jsonl');
  if (!existsSync(path)) return undefined;
  const records = (await readFile(path, 'utf8'))
    .split('\n')
    .filter((line) => line.includes('"seconds"'))
    .map((line) => JSON.parse(line) as StepRecord);
  const last = records.at(-1);
  return last && { step: last.step, seconds: last.seconds, peak: Math.max(...records.map(({ memory }) => memory)) };
}

async function figureNotes({ sets, output }: CheckpointKind): Promise<string[]> {
  const rows: string[] = [];
  for (const { name, title } of sets) {
    const path = join(output, `evaluation-${name}.json`);
    if (!existsSync(path)) continue;
    const { encoders, retention, saving } = JSON.parse(await readFile(path, 'utf8')) as Measured;
    const of = (encoder: string): string => encoders[encoder]?.ndcg_at_10.toFixed(4) ?? '';
    const [student, query] = [encoders['student']?.ndcg_at_10, encoders['query-student']?.ndcg_at_10];
    const asked = student !== undefined && query !== undefined ? formatShare(query / student) : '';
    rows.push(
      `| ${title} | ${of('teacher')} | ${of('bm25')} | ${of('student')} | ${retention === undefined ? '' : formatShare(retention)} | ${of('query-student')} | ${asked} | ${saving === undefined ? '' : formatShare(saving)} |`,
    );
  }
  if (rows.length === 0) return [];
  return [
    '## Figures',
    '',
    "nDCG@10 of these weights as they are stored here, `--dictionary corpus`; no question of these sets was trained on, and of their documents only what the table of sources names. Retention is the share of the teacher's figure; the last share but one is that of the same documents, asked by the query student in place of the teacher.",
    '',
    '| set | teacher | BM25 | this checkpoint | retention | asked by the query student | share | saving |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...rows,
    '',
  ];
}

function again(language: string): string[] {
  return [
    '## From nothing',
    '',
    '```sh',
    `npm run checkpoint -- ${language} --local DATA --models MODELS`,
    '```',
    '',
    'fetches the corpus, trains, exports, measures and writes this card; the same command goes on where it was stopped.',
  ];
}

function number(value: number): string {
  return value.toLocaleString('en');
}
