import { spawnSync } from 'node:child_process';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { checksum, viewOf } from '../../../base/index.ts';
import { ChunkTable } from '../../../zpkg/container/chunk-table.ts';
import { encodeHeader, HEADER_SIZE } from '../../../zpkg/container/format.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { rawFrame } from '../../golden/raw-frame.ts';

const CHUNKS = 5_000_000;

const test = suite('an index of millions of chunks');

/**
 * Opens a container over HTTP in a process of its own, whose server is another one; prints what its memory rose by, in bytes, as looked at every few milliseconds: the largest that the system
 * remembers may be that of the process which started this one.
 */
const PROGRAM = `
import { ZpkgReader } from ${JSON.stringify(new URL('../../../zpkg/index.ts', import.meta.url).href)};
global.gc();
const before = process.memoryUsage.rss();
let peak = before;
const look = () => { peak = Math.max(peak, process.memoryUsage.rss()); };
const looking = setInterval(look, 2);
const reader = await ZpkgReader.open(process.argv[1]);
const chunk = await reader.chunk(reader.chunkCount - 1);
look();
clearInterval(looking);
console.log(JSON.stringify({ chunks: reader.chunkCount, chunk: new TextDecoder().decode(chunk), peak: peak - before }));
`;

const SERVER = `
import { createServer } from 'node:http';
import { createReadStream, statSync } from 'node:fs';
const path = process.argv[1];
const { size } = statSync(path);
createServer((request, response) => {
  const [, start, last] = /^bytes=(\\d+)-(\\d+)$/.exec(request.headers.range);
  const end = Math.min(Number(last), size - 1);
  response.writeHead(206, { etag: '"1"', 'content-range': 'bytes ' + start + '-' + end + '/' + size, 'content-length': end + 1 - start });
  createReadStream(path, { start: Number(start), end }).pipe(response);
}).listen(0, '127.0.0.1', function () { console.log(this.address().port); });
`;

test('five million chunks over HTTP: the index takes less than 100 MB', () =>
  withTemporaryFolder(async (folder) => {
    const path = join(folder, 'large.zpkg');
    await writeLarge(path);
    const program = `
      const { spawn } = await import('node:child_process');
      const server = spawn(process.execPath, ['--input-type=module', '-e', ${JSON.stringify(SERVER)}, ${JSON.stringify(path)}], { stdio: ['ignore', 'pipe', 'inherit'] });
      const port = await new Promise((resolve) => server.stdout.once('data', (data) => resolve(String(data).trim())));
      process.argv[1] = 'http://127.0.0.1:' + port + '/large.zpkg';
      ${PROGRAM.replace('import { ZpkgReader } from', 'const { ZpkgReader } = await import(').replace(';\n', ');\n')}
      server.kill();
    `;
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ['--expose-gc', '--import', 'tsx', '--input-type=module', '-e', program],
      {
        encoding: 'utf8',
        cwd: fileURLToPath(new URL('../../..', import.meta.url)),
        env: { ...process.env, CEM_REMOTE_CACHE: '0' },
      },
    );
    assert.is(stderr.trim(), '');
    const { chunks, chunk, peak } = JSON.parse(stdout) as { chunks: number; chunk: string; peak: number };
    assert.is(chunks, CHUNKS);
    assert.is(chunk, 'x');
    console.log(`opening ${CHUNKS} chunks over HTTP raised the memory by ${(peak / 1e6).toFixed(0)} MB`);
    assert.ok(peak < 100e6, `${peak} bytes`);
  }));

/** Five million frames of one byte each. */
async function writeLarge(path: string): Promise<void> {
  const frame = rawFrame('x');
  const table = new ChunkTable();
  const check = checksum(frame);
  const block = new Uint8Array(frame.length * 1000);
  for (let at = 0; at < block.length; at += frame.length) block.set(frame, at);
  const file = await open(path, 'w');
  await file.write(new Uint8Array(HEADER_SIZE));
  for (let done = 0; done < CHUNKS; done += 1000) {
    await file.write(block);
    for (let chunk = 0; chunk < 1000; chunk++) table.add(frame.length, check);
  }
  for (const piece of table.encode(4)) await file.write(piece);
  const indexOffset = HEADER_SIZE + CHUNKS * frame.length;
  const header = encodeHeader({ flags: 0, indexOffset, chunkCount: CHUNKS, dictionarySize: 0, dictionaryChecksum: 0 });
  assert.is(viewOf(header).byteLength, HEADER_SIZE);
  await file.write(header, 0, header.length, 0);
  await file.close();
}

test.run();
