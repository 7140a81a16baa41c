import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { CemError, messageOf } from '../../base/index.ts';

const FOLDER = new URL('./migrations/', import.meta.url);
/** Number and name of a file. */
const FILE = /^(\d{4})-([a-z0-9-]+)\.sql$/;

/** One step from the tables of an earlier version to those of today, as a file says it: migrations/README.md. */
export interface Migration {
  /** From 1 on, in the order in which they are applied. */
  readonly number: number;
  /** Of its file, without the ending. */
  readonly name: string;
  /** SHA-256 of its text, in hexadecimal digits. */
  readonly checksum: string;
  /** In order; `{name}` stands for the prefix of a store's tables. */
  readonly statements: readonly string[];
}

/**
 * A migration as its file has it: lines that begin with `--` say something to people, a statement ends with a semicolon at the end of a line.
 *
 * @param file its name
 * @throws CemError `MIGRATION_FILES`
 */
export function parseMigration(file: string, text: string): Migration {
  const number = Number(FILE.exec(file)?.[1]);
  // A checkout of Windows may end lines otherwise.
  const sql = text.replaceAll('\r\n', '\n');
  const statements = sql
    .replace(/^--.*\n/gm, '')
    .split(/;\n/)
    .map((statement) => statement.trim().replace(/\s+/g, ' '))
    .filter((statement) => statement !== '');
  if (!(number > 0) || statements.length === 0) {
    throw new CemError('MIGRATION_FILES', `${file} is no migration: it needs a name like 0001-what-is-new.sql, and statements`, {
      details: { file },
    });
  }
  return { number, name: file.replace(/\.sql$/, ''), checksum: createHash('sha256').update(sql).digest('hex'), statements };
}

let read: Promise<readonly Migration[]> | undefined;

/** All migrations of this version, in order. Throws CemError `MIGRATION_FILES` where the installation is not whole. */
export function allMigrations(): Promise<readonly Migration[]> {
  read ??= readMigrations();
  return read;
}

async function readMigrations(): Promise<readonly Migration[]> {
  try {
    const files = (await readdir(FOLDER)).filter((file) => file.endsWith('.sql')).sort();
    const migrations = await Promise.all(
      files.map(async (file) => parseMigration(file, await readFile(new URL(file, FOLDER), 'utf8'))),
    );
    if (migrations.length > 0 && migrations.every(({ number }, place) => number === place + 1)) return migrations;
    throw new CemError(
      'MIGRATION_FILES',
      `they are ${files.join(', ') || 'not there'}, and their numbers go from 1 without a gap`,
    );
  } catch (error) {
    throw new CemError(
      'MIGRATION_FILES',
      `the migrations of the database's tables cannot be read (${messageOf(error)}): install this package again`,
      { cause: error },
    );
  }
}
