import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { CemError } from '../../zpkg/index.ts';

/** A folder that is gone after the action, however it ends. */
export async function withTemporaryFolder<Result>(action: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'cem-data-'));
  try {
    return await action(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Writes rows as JSONL and gives the path. */
export async function writeJsonl(path: string, rows: readonly unknown[]): Promise<string> {
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

/** The error of ours that an action ends with; fails when it ends with none or with another. */
export async function errorOf(action: () => Promise<unknown>): Promise<CemError> {
  try {
    await action();
  } catch (error) {
    assert.instance(error, CemError, String(error));
    return error as CemError;
  }
  return assert.unreachable('expected an error of ours') as never;
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}
