import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CemError, exists, FormatError, UsageError } from '../../base/index.ts';
import {
  type BeirData,
  LONG_EMBED_TASKS,
  type LongEmbedTask,
  placeLongEmbedByHand,
  readBeir,
  readLines,
} from '../../data/index.ts';

/** One corpus with its queries: a real task, or a synthetic one at one length. */
export interface LongEmbedSet {
  readonly task: LongEmbedTask;
  /** Tokens; of synthetic tasks. */
  readonly length?: number;
  readonly folder: string;
}

/**
 * What there is of LongEmbed in a folder: `<task>/` for real tasks, `<task>/<length>/` for synthetic ones; in the order of the tasks, lengths ascending.
 *
 * @throws UsageError `LONG_EMBED_NOTHING` when there is none; says how to bring them here
 */
export async function findLongEmbedSets(folder: string): Promise<LongEmbedSet[]> {
  const sets: LongEmbedSet[] = [];
  for (const task of LONG_EMBED_TASKS) {
    const place = join(folder, task.name);
    if (task.kind === 'real') {
      if (await exists(join(place, 'corpus.jsonl'))) sets.push({ task, folder: place });
      continue;
    }
    const lengths = (await readdir(place).catch((): string[] => [])).filter((name) => /^[1-9]\d*$/.test(name)).map(Number);
    for (const length of lengths.sort((a, b) => a - b)) sets.push({ task, length, folder: join(place, String(length)) });
  }
  if (sets.length > 0) return sets;
  const how = LONG_EMBED_TASKS.map((task) => placeLongEmbedByHand(task, folder)).join('\n');
  throw new UsageError('LONG_EMBED_NOTHING', `${folder} holds no task of LongEmbed.\n${how}`, { details: { folder } });
}

/**
 * Reads a task in BEIR layout (split `test`), or as it lies on the hub: `corpus.jsonl` {doc_id, text}, `queries.jsonl` {qid, text}, `qrels.jsonl` {qid, doc_id}.
 *
 * @throws CemError `LONG_EMBED_ROW`, and as `readBeir`
 */
export async function readLongEmbedSet({ folder }: LongEmbedSet): Promise<BeirData> {
  const judgments = join(folder, 'qrels.jsonl');
  if (!(await exists(judgments))) return readBeir(folder, 'test');
  const qrels = new Map<string, Map<string, number>>();
  for await (const row of readRows(judgments)) {
    const query = row('qid');
    const judged = qrels.get(query) ?? new Map<string, number>();
    judged.set(row('doc_id'), 1);
    qrels.set(query, judged);
  }
  const queries = new Map<string, string>();
  const queriesPath = join(folder, 'queries.jsonl');
  for await (const row of readRows(queriesPath)) if (qrels.has(row('qid'))) queries.set(row('qid'), row('text'));
  for (const id of qrels.keys()) {
    if (queries.has(id)) continue;
    throw new CemError('LONG_EMBED_ROW', `${queriesPath} has no query ${JSON.stringify(id)}, which ${judgments} judges`, {
      details: { path: queriesPath, id },
    });
  }
  return {
    async *documents() {
      const path = join(folder, 'corpus.jsonl');
      for await (const row of readRows(path)) yield { id: row('doc_id'), title: '', text: row('text'), origin: path };
    },
    queries,
    qrels,
  };
}

/** Rows of a JSONL file, as functions that give a field's string. Numbers are taken as their digits. */
async function* readRows(path: string): AsyncGenerator<(field: string) => string> {
  for await (const { text, number } of readLines(path)) {
    if (text.trim() === '') continue;
    const row = parseObject(text);
    yield (field) => {
      const value = row?.[field];
      if (typeof value === 'string' || typeof value === 'number') return String(value);
      throw new FormatError('LONG_EMBED_ROW', `${path}:${number} has no "${field}": the hub's files have doc_id, qid and text`, {
        details: { path, line: number, field },
      });
    };
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
