import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { loadS3With } from '../../base/remote/s3-module.ts';
import { type Document, DocumentReader } from '../../data/index.ts';
import { pack } from '../../recipes/pack/index.ts';
import { errorOf } from '../fixtures/temporary-folder.ts';
import { PYTHON, runPython } from '../python.ts';

const test = suite('a corpus in an object store');

const documents = (count: number, word: string): Document[] =>
  Array.from({ length: count }, (_, number) => ({
    id: `d${number}`,
    title: `${word} ${number}`,
    text: `${word} `.repeat(number + 5),
  }));

/** moto, a store that speaks S3's protocol, while `action` runs; the client is made once in a process, and so is the store. */
async function startStore(): Promise<() => void> {
  const port = await freePort();
  const child = spawn(PYTHON!, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  const base = `http://127.0.0.1:${port}`;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_S3: base,
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    CEM_REMOTE_CACHE: '0',
  });
  for (let attempt = 0; attempt < 300; attempt++) {
    if (child.exitCode !== null) throw new Error(`moto ended with ${child.exitCode}`);
    const made = await fetch(`${base}/bucket`, { method: 'PUT' }).catch(() => undefined);
    if (made?.ok) return () => child.kill();
    await wait(100);
  }
  child.kill();
  throw new Error('moto does not answer');
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A folder in which @aws-sdk/client-s3 and @aws-sdk/lib-storage are installed; .ci/run makes one. They are no dependencies of ours. */
const SDK = process.env['CEM_AWS_SDK'];
const hasMoto = PYTHON !== undefined && (await runPython(['-c', 'import moto.server'])).status === 0;

if (SDK === undefined) {
  test.skip('skipped: CEM_AWS_SDK names no folder with the packages of S3', () => undefined);
  console.log('a corpus in an object store: skipped, CEM_AWS_SDK names no folder with the packages of S3');
} else if (!hasMoto) {
  test.skip('skipped: CEM_PYTHON names no Python with the package moto', () => undefined);
  console.log('a corpus in an object store: skipped, CEM_PYTHON names no Python with the package moto');
} else {
  const { resolve } = createRequire(`${SDK}/package.json`);
  loadS3With((name) => import(pathToFileURL(resolve(name)).href));
  let stop = (): void => undefined;
  test.before(async () => {
    stop = await startStore();
  });
  test.after(() => stop());

  test('packed, read, refused, replaced', async () => {
    const output = 's3://bucket/docs/corpus.zpkg';
    const packed = await pack({ source: documents(50, 'first'), output, level: 3 });
    assert.is(packed.output, output);
    await using reader = await DocumentReader.open(output);
    assert.is(reader.documentCount, 50);
    assert.is((await reader.documentById('d3')).trimEnd(), `first 3 ${'first '.repeat(8)}`.trimEnd());
    assert.is((await reader.documentMetadata('d3'))?.title, 'first 3');
    const again = await errorOf(() => pack({ source: documents(9, 'second'), output, level: 3 }));
    assert.is(again.code, 'PACK_OUTPUT_EXISTS');
    const options = { output, level: 3, force: true, metadata: false };
    await pack({ source: documents(9, 'second'), ...options });
    await using second = await DocumentReader.open(output);
    assert.is(second.documentCount, 9);
    assert.is(second.metadata, undefined);
  });

  test('two at once: what both say is done is whole, else one of them says so', async () => {
    const output = 's3://bucket/race.zpkg';
    for (let round = 0; round < 5; round++) {
      const both = await Promise.allSettled(
        [30, 7].map((count) => pack({ source: documents(count, `word${count}`), output, level: 3, force: true })),
      );
      const refused = both.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []));
      assert.ok(
        refused.every((code) => code === 'PACK_TWO_AT_ONCE'),
        refused.join(),
      );
      const opened = await DocumentReader.open(output).catch(() => undefined);
      assert.ok(opened !== undefined || refused.length > 0);
      await opened?.close();
    }
    await pack({ source: documents(4, 'alone'), output, level: 3, force: true });
    await using reader = await DocumentReader.open(output);
    assert.is(reader.documentCount, 4);
  });

  test('no such object, no such bucket, a place that cannot be written', async () => {
    const missing = await errorOf(() => DocumentReader.open('s3://bucket/none.zpkg'));
    assert.is(missing.message, 'cannot read s3://bucket/none.zpkg: there is no such object');
    assert.match((await errorOf(() => DocumentReader.open('s3://no-bucket/none.zpkg'))).message, 'NoSuchBucket');
    const source = documents(3, 'x');
    const error = await errorOf(() => pack({ source, output: 'https://127.0.0.1:9/x.zpkg', level: 3, force: true }));
    assert.is(error.code, 'REMOTE_ADDRESS');
    const nowhere = await errorOf(() => pack({ source, output: 's3://no-bucket/x.zpkg', level: 3, force: true }));
    assert.is(nowhere.code, 'REMOTE_WRITE');
  });
}

test.run();
