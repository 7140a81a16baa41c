import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Reranker } from '../../rag/index.ts';
import { ScoringReranker } from '../../rag/rerank/reranker.ts';
import { addKey, KEYS_FILE, KeyRing, type NewKey } from '../../server/access/index.ts';
import { type CollectionsServerOptions, createCollectionsServer } from '../../server/collections-server.ts';
import { fakeAnswerer } from './fake-answerer.ts';
import { FakeCollections } from './fake-collections.ts';

export interface CollectionsFixture {
  readonly collections: FakeCollections;
  readonly server: FastifyInstance;
  /** What was asked that nobody waits for any more. */
  readonly aborted: string[];
}

/** A server over collections in memory. */
export async function openFixture(options: Partial<CollectionsServerOptions> = {}): Promise<CollectionsFixture> {
  const collections = new FakeCollections();
  const aborted: string[] = [];
  const server = await createCollectionsServer({
    collections,
    answerer: (search) => fakeAnswerer(search, aborted),
    reranker: new LengthReranker() as Reranker,
    ...options,
  });
  return { collections, server, aborted };
}

/** Longer texts are better. */
class LengthReranker extends ScoringReranker {
  readonly name = 'length';

  async score(_query: string, texts: readonly string[]): Promise<number[]> {
    return texts.map(({ length }) => length);
  }

  async dispose(): Promise<void> {}
}

/** Keys in a folder that is gone at the end. */
export async function withKeys<Result>(
  body: (ring: KeyRing, add: (key: Partial<NewKey> & Pick<NewKey, 'name'>) => Promise<string>, path: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'cem-keys-'));
  try {
    const path = join(folder, KEYS_FILE);
    const add = async (key: Partial<NewKey> & Pick<NewKey, 'name'>) =>
      (await addKey(path, { scope: 'read', labels: [], ...key })).key;
    return await body(new KeyRing(path, { freshMs: 0 }), add, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const bearer = (key: string): { authorization: string } => ({ authorization: `Bearer ${key}` });

export interface SentEvent {
  readonly event: string;
  readonly data: unknown;
}

/** The events of a stream, as the standard reads it. */
export function parseEvents(text: string): SentEvent[] {
  return text
    .split('\n\n')
    .filter((block) => block !== '' && !block.startsWith(':'))
    .map((block) => {
      const lines = block.split('\n');
      const of = (name: string) =>
        lines.filter((line) => line.startsWith(`${name}: `)).map((line) => line.slice(name.length + 2));
      return { event: of('event').join(), data: JSON.parse(of('data').join('\n')) as unknown };
    });
}
