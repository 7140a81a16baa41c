import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markdownPassages } from '../../data/index.ts';
import { type MetricsLine, wholeLines } from '../../training/runs/metrics-lines.ts';
import { readmes } from '../model/real-texts.ts';

/** Real passages of Markdown as rows of JSONL, and where they are written for `data.source`. */
export function passageRows(count: number): { _id: string; title: string; text: string }[] {
  const rows = readmes()
    .flatMap((file) => markdownPassages(Buffer.from(file).toString('utf8'), { shortest: 300, longest: 700 }).slice(0, 2))
    .slice(0, count);
  return rows.map(({ title, text }, index) => ({ _id: `p${index}`, title, text }));
}

export async function writePassages(folder: string, count: number): Promise<string> {
  const path = join(folder, 'passages.jsonl');
  await writeFile(
    path,
    passageRows(count)
      .map((row) => `${JSON.stringify(row)}\n`)
      .join(''),
  );
  return path;
}

/** The passages as a BEIR folder whose split `dev` asks for the first of them by their titles and first words. */
export async function writeDevData(folder: string, count: number, asked: number): Promise<string> {
  const path = join(folder, 'dev-beir');
  const rows = passageRows(count);
  const lines = (values: readonly unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');
  await mkdir(join(path, 'qrels'), { recursive: true });
  await writeFile(join(path, 'corpus.jsonl'), lines(rows));
  const queries = rows
    .slice(0, asked)
    .map(({ title, text }, index) => ({ _id: `q${index}`, text: `${title} ${text.slice(0, 60)}` }));
  await writeFile(join(path, 'queries.jsonl'), lines(queries));
  const judgments = queries.map(({ _id }, index) => `${_id}\t${rows[index]!._id}\t1\n`);
  await writeFile(join(path, 'qrels', 'dev.tsv'), `query-id\tcorpus-id\tscore\n${judgments.join('')}`);
  return path;
}

/** A run that takes seconds: every part of the model, of the losses and of the optimiser, in small. */
export function tinyRun(source: string, steps: number, training: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: 'tiny',
    seed: 3,
    data: { source },
    pack: { level: 3, targetChunkSize: 1024, dictionarySize: 2048 },
    teacher: { kind: 'lsa', dimension: 16 },
    model: {
      maximumSymbols: 128,
      patchSize: 4,
      tables: { sizes: [3, 5], rows: 400 },
      local: { dimension: 16, layers: 1, heads: 2, feedForward: 24, window: 8, crossAttentionHeads: 2 },
      global: { dimension: 24, layers: 1, heads: 2, feedForward: 32 },
    },
    training: {
      steps,
      passages: { batchSize: 8, weight: 1 },
      sentences: { batchSize: 8, weight: 1 },
      loss: { triplet: { weight: 0.1 } },
      schedule: { warmupSteps: 5 },
      logEvery: 1,
      checkpointEvery: 10,
      ...training,
    },
  };
}

/** Lines of a run's metrics that are there whole. */
export function metricsOf(run: string): MetricsLine[] {
  const path = join(run, 'metrics.jsonl');
  if (!existsSync(path)) return [];
  return wholeLines(readFileSync(path, 'utf8')).map(({ metrics }) => metrics as MetricsLine);
}
