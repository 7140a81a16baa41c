import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError, UsageError, writeFileAtomically } from '../../base/index.ts';
import type { DemoCorpus } from './demo-corpus.ts';

/** Where the parts of a demo lie in its run folder. */
export interface DemoFolder {
  readonly path: string;
  /** JSONL of the documents that are trained on. */
  readonly training: string;
  /** BEIR folder of the held-out documents, with the split `test`. */
  readonly heldOut: string;
  /** The held-out documents, packed. */
  readonly zpkg: string;
  readonly index: string;
  /** Whether a demo was here before: it goes on where that one ended. */
  readonly continued: boolean;
}

/** Marks a folder as a demo's, so that `--force` deletes nothing else. */
const MARKER = 'demo.json';
const FORMAT = 1;

/**
 * Opens the folder of a demo. One that is there already goes on (a finished part is not done again) unless `force` deletes it first.
 *
 * @throws UsageError `DEMO_FOLDER` when the folder holds something else; it is left alone, with `force` too
 */
export async function openDemoFolder(path: string, force: boolean): Promise<DemoFolder> {
  const entries = await readdir(path).catch((): string[] => []);
  const ours = entries.includes(MARKER);
  if (entries.length > 0 && !ours) {
    throw new UsageError('DEMO_FOLDER', `${path} holds something that is no demo: name another folder by --run`, {
      details: { path },
    });
  }
  if (ours && force) await rm(path, { recursive: true });
  return {
    path,
    training: join(path, 'data', 'training.jsonl'),
    heldOut: join(path, 'data', 'held-out'),
    zpkg: join(path, 'held-out.zpkg'),
    index: join(path, 'index'),
    continued: ours && !force,
  };
}

/**
 * Writes the corpus: `data/training.jsonl`, and `data/held-out/` in BEIR layout. A continued demo must have had the same.
 *
 * @throws CemError `DEMO_CORPUS_CHANGED` when it had another
 */
export async function writeDemoCorpus(folder: DemoFolder, { training, heldOut }: DemoCorpus): Promise<void> {
  const files = new Map([
    [folder.training, jsonLines(training.map(({ id, title, text }) => ({ _id: id, title, text })))],
    [
      join(folder.heldOut, 'corpus.jsonl'),
      jsonLines(heldOut.map(({ document: { id, title, text } }) => ({ _id: id, title, text }))),
    ],
    [
      join(folder.heldOut, 'queries.jsonl'),
      jsonLines(heldOut.map(({ document, query }) => ({ _id: queryId(document.id), text: query }))),
    ],
    [
      join(folder.heldOut, 'qrels', 'test.tsv'),
      `query-id\tcorpus-id\tscore\n${heldOut.map(({ document: { id } }) => `${queryId(id)}\t${id}\t1\n`).join('')}`,
    ],
  ]);
  const hash = createHash('sha256');
  for (const text of files.values()) hash.update(text);
  const marker = `${JSON.stringify({ format: FORMAT, corpus: hash.digest('hex') }, null, 2)}\n`;
  if (folder.continued && (await readFile(join(folder.path, MARKER), 'utf8')) !== marker) {
    throw new CemError(
      'DEMO_CORPUS_CHANGED',
      `the Markdown files are not those that ${folder.path} was made of: --force deletes it and starts anew, --run takes another folder`,
      { details: { path: folder.path } },
    );
  }
  await mkdir(folder.path, { recursive: true });
  // First: without it the next demo would take the folder for somebody else's. A demo may have been stopped behind it, so the files are written each time.
  await writeFileAtomically(join(folder.path, MARKER), Buffer.from(marker));
  await mkdir(join(folder.heldOut, 'qrels'), { recursive: true });
  for (const [path, text] of files) await writeFileAtomically(path, Buffer.from(text));
}

function queryId(documentId: string): string {
  return `query:${documentId}`;
}

function jsonLines(rows: readonly unknown[]): string {
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}
