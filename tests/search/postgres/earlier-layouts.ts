import { randomBytes } from 'node:crypto';
import type { SqlDriver } from '../../../search/postgres/sql-driver.ts';

/** Tables as earlier versions made them: their statements, their settings, what they stored for a vector of zeros, and their indexes. */
export const EARLIER_LAYOUTS = {
  1: {
    statements: (name: string, dimension: number) => [
      `create table ${name}_chunks (
        document text collate "C" not null,
        chunk integer not null,
        fingerprint text not null,
        metadata jsonb not null,
        vector vector(${dimension}) not null,
        primary key (document, chunk)
      )`,
    ],
    settings: '',
    zeros: "'[0,0]'",
    indexes: ['_pkey'],
  },
  2: {
    statements: (name: string, dimension: number) => [
      `create table ${name}_chunks (
        document text collate "C" not null,
        chunk integer not null,
        fingerprint text not null,
        metadata jsonb not null,
        vector vector(${dimension})
      )`,
      `create unique index ${name}_chunks_key on ${name}_chunks
        ((sha256(decode(replace(document, chr(92), chr(92) || chr(92)), 'escape'))), chunk)`,
      `create index ${name}_chunks_labels on ${name}_chunks
        using gin ((coalesce(nullif(metadata -> 'labels', '[]'::jsonb), '[""]'::jsonb)))`,
    ],
    settings: "('layout', '2'), ",
    zeros: 'null',
    indexes: ['_key', '_labels'],
  },
} as const;

/** A store's name that nobody else has. */
export const freshName = (): string => `t${randomBytes(6).toString('hex')}`;

/** Ten rows as an earlier layout has them, two of them with zeros for vectors, and a graph over them. */
export async function makeLayout(layout: 1 | 2, driver: SqlDriver, name: string): Promise<void> {
  const { statements, settings, zeros } = EARLIER_LAYOUTS[layout];
  await driver.query('create extension if not exists vector');
  for (const statement of statements(name, 2)) await driver.query(statement);
  await driver.query(`create table ${name}_metadata (key text primary key, value text not null)`);
  await driver.query(
    `insert into ${name}_metadata values ${settings}('dimension', '2'), ('precision', 'single'), ('vector_index', '{"kind":"hnsw","m":16,"efConstruction":64,"efSearch":100}')`,
  );
  for (let chunk = 0; chunk < 10; chunk++) {
    const vectorText = chunk < 2 ? zeros : chunk === 7 ? "'[1,0]'" : "'[0.6,0.8]'";
    await driver.query(`insert into ${name}_chunks values ($1, $2, $3, '{}', ${vectorText})`, [
      `back\\slash ${chunk % 5}`,
      chunk,
      `f${chunk}`,
    ]);
  }
  await driver.query(
    `create index ${name}_hnsw on ${name}_chunks using hnsw (vector vector_ip_ops) with (m = 16, ef_construction = 64)`,
  );
}
