import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { UsageError } from '../../base/index.ts';
import { openAnswering } from '../../recipes/answering/index.ts';
import { Collections } from '../../recipes/collections/index.ts';
import { openEmbeddingModel } from '../../recipes/encoder/index.ts';
import { createCollectionsServer } from '../../server/collections-server.ts';
import { listen } from '../../server/index.ts';
import { withTemporaryFolder } from '../fixtures/temporary-folder.ts';
import { PYTHON, runPython } from '../python.ts';
import { saveIngestStudent } from '../recipes/ingest/student.ts';

const test = suite('requests that schemathesis makes from the description of the server');

/** Of each operation in each phase. */
const EXAMPLES = 40;
const LEAST_REQUESTS = 2_000;
/** Answered with success: those that come behind the checks of requests. */
const LEAST_TAKEN = 100;
/** Each takes a database, which takes seconds. */
const MOST_CREATED = 5;

interface Seen {
  readonly status: number;
  /** Method and path as they are declared. */
  readonly route: string;
  readonly request: string;
}

/** A server on collections that are there, for everybody, and the answers that it gave. */
async function withServer(body: (url: string, seen: Seen[]) => Promise<void>): Promise<void> {
  await withTemporaryFolder(async (temporary) => {
    const [folder, checkpoint] = [join(temporary, 'rag'), join(temporary, 'run')];
    await saveIngestStudent(checkpoint);
    await using collections = await Collections.open({ folder, checkpoint, backend: 'cpu' });
    await collections.create('docs');
    await (await collections.get('docs')).change({
      put: [{ source: 'lamp.md', content: '# Lamp\n\nThe lantern is lit before sunset.\n' }],
    });
    await using answering = await openAnswering();
    await using embeddings = await openEmbeddingModel({ checkpoint, backend: 'cpu' });
    const seen: Seen[] = [];
    let created = 0;
    const server = await createCollectionsServer({
      collections: {
        list: () => collections.list(),
        get: (name) => collections.get(name),
        // What the examples of the description name stays.
        async delete(name) {
          if (name === 'docs') throw new UsageError('COLLECTION_BUSY', 'it is being asked');
          return collections.delete(name);
        },
        async create(name, settings) {
          if (created++ < MOST_CREATED) return collections.create(name, settings);
          throw new UsageError('COLLECTION_EXISTS', 'enough of them');
        },
      },
      embeddings,
      answerer: (search) => answering.answerer(search),
      extend: (extended) => {
        extended.addHook('onResponse', async (request, { statusCode }) => {
          seen.push({
            status: statusCode,
            route: `${request.method} ${request.routeOptions.url}`,
            request: `${request.method} ${request.url} ${JSON.stringify(request.body)?.slice(0, 500)}`,
          });
        });
      },
    });
    try {
      await body(await listen(server, { host: '127.0.0.1', port: 0 }), seen);
    } finally {
      await server.close();
    }
  });
}

if (PYTHON === undefined) {
  test.skip('skipped: CEM_PYTHON names no Python with the package schemathesis', () => undefined);
  console.log('schemathesis: skipped, CEM_PYTHON names no Python with that package');
} else {
  test('none of them is answered by a failure of ours', () =>
    withServer(async (url, seen) => {
      const words = [
        '-m',
        'schemathesis.cli',
        'run',
        `${url}/openapi.json`,
        '--checks',
        'not_a_server_error',
        '--phases',
        'examples,coverage,fuzzing,stateful',
      ];
      const { output } = await runPython([
        ...words,
        '--max-examples',
        String(EXAMPLES),
        '--seed',
        '1',
        '--mode',
        'all',
        '--no-shrink',
        '--request-timeout',
        '120',
        '--warnings',
        'off',
      ]);
      const failures = seen.filter(({ status }) => status >= 500);
      assert.equal(failures, [], output);
      const taken = seen.filter(({ status }) => status < 300);
      const routes = new Set(taken.map(({ route }) => route));
      console.log(
        `schemathesis: ${seen.length} requests, ${taken.length} taken by ${routes.size} routes, none of them answered by a 5xx`,
      );
      assert.ok(seen.length >= LEAST_REQUESTS, `${seen.length} requests\n${output}`);
      assert.ok(taken.length >= LEAST_TAKEN, output);
    }));
}

test.run();
