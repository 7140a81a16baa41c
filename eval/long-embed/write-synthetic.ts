import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { exists, UsageError, writeFileAtomically } from '../../base/index.ts';
import { countWords, type SyntheticTask } from './synthetic-task.ts';

/**
 * Writes a task as a BEIR folder with the split `test`, and `long-embed.json` with what it was made from. The folder appears whole or not at all; the same task gives the same bytes.
 *
 * @param origin more about the task, such as the haystack's hash
 * @throws UsageError `LONG_EMBED_EXISTS` when something stands there
 */
export async function writeSyntheticTask(
  task: SyntheticTask,
  folder: string,
  origin: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  if (await exists(folder)) {
    throw new UsageError('LONG_EMBED_EXISTS', `${folder} is there already: name another folder, or remove it`, {
      details: { folder },
    });
  }
  const draft = await mkdtemp(`${folder}.draft-`);
  try {
    await mkdir(join(draft, 'qrels'));
    const words = task.documents.map(({ text }) => countWords(text));
    const about = {
      task: task.name,
      length: task.length,
      seed: task.seed,
      documents: task.documents.length,
      queries: task.queries.length,
      words: { fewest: Math.min(...words), most: Math.max(...words) },
      ...origin,
    };
    const files: Readonly<Record<string, string>> = {
      'corpus.jsonl': jsonLines(task.documents.map(({ id, text }) => ({ _id: id, title: '', text }))),
      'queries.jsonl': jsonLines(task.queries.map(({ id, text }) => ({ _id: id, text }))),
      'qrels/test.tsv': `query-id\tcorpus-id\tscore\n${task.queries.map(({ id, relevant }) => `${id}\t${relevant}\t1\n`).join('')}`,
      'long-embed.json': `${JSON.stringify(about, null, 2)}\n`,
    };
    for (const [name, text] of Object.entries(files)) await writeFileAtomically(join(draft, name), Buffer.from(text));
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

function jsonLines(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
