/**
 * One probe of `cem doctor`, in a process of its own, so that a crash of native code is one line of the report:
 * `node --import tsx cli/process/doctor-probe.ts NAME`, or `plugin:PATH` for one of XLA's. Its last line on standard output is the finding as JSON.
 */
import { randomBytes } from 'node:crypto';
import { CemError, formatBytes } from '../../base/index.ts';
import { parseBackendRequest, selectBackend } from '../../model/backend/index.ts';
import { describePlugin, PjrtClient } from '../../model/backend/xla/pjrt/index.ts';
import { tf } from '../../model/index.ts';
import { openPglite, openPostgres, type SqlDriver } from '../../search/postgres/index.ts';
import type { Finding } from './finding.ts';

/** Tried in turn; what takes longer than 20 ms at one size (plain JavaScript, a software GPU) is not asked for the next. */
const PRODUCT_SIZES = [256, 1024];
const SLOW_MS = 20;
const PRODUCT_RUNS = 4;

/** Milliseconds of the fastest of some square products, with a value read back (a GPU answers later). */
async function productTime(size: number): Promise<number> {
  const left = tf.randomUniform([size, size]);
  const right = tf.randomUniform([size, size]);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < PRODUCT_RUNS; run++) {
    const start = performance.now();
    const product = tf.matMul(left, right);
    await product.slice([0, 0], [1, 1]).data();
    best = Math.min(best, performance.now() - start);
    product.dispose();
  }
  return best;
}

async function productRate(): Promise<number> {
  let rate = 0;
  for (const size of PRODUCT_SIZES) {
    const time = await productTime(size);
    rate = (2 * size ** 3) / (time * 1e6);
    if (time > SLOW_MS) break;
  }
  return rate;
}

async function probeBackend(name: string): Promise<Finding> {
  const choice = await selectBackend(parseBackendRequest(name));
  const gigaflops = await productRate();
  return { works: true, detail: choice.detail, gigaflops };
}

/** Opens a plugin of XLA and says which devices it has. */
async function probePlugin(path: string): Promise<Finding> {
  const client = PjrtClient.open(describePlugin(path, 'doctor'));
  const kinds = [...new Set(client.devices.map(({ kind }) => kind))];
  const devices = kinds.map((kind) => `${client.devices.filter((device) => device.kind === kind).length} x ${kind}`);
  const limit = client.memory()?.limit;
  const memory = limit === undefined ? '' : `, ${formatBytes(limit)} of memory`;
  client.close();
  return { works: true, detail: `platform ${client.platform}, PJRT ${client.apiVersion}, ${devices.join(', ')}${memory}` };
}

async function probeZstd(): Promise<Finding> {
  const { createCompressor, createDecompressor } = await import('../../zpkg/index.ts');
  const { default: binding } = await import('zstd-napi/binding.js');
  const data = Buffer.concat([randomBytes(1000), Buffer.alloc(1000, 'cem ')]);
  const frame = createCompressor({ level: 19 }).compress(data);
  const whole = data.equals(createDecompressor().decompress(frame));
  return {
    works: whole,
    detail: `zstd ${binding.versionString()}: ${whole ? `${data.length} bytes -> ${frame.length} -> the same bytes` : 'a round trip changed the data'}`,
  };
}

/** Asks a database for its version, for pgvector's, and for a distance that is known: (0, 0) to (3, 4) is 5. */
async function probeDatabase(driver: SqlDriver): Promise<Finding> {
  try {
    await driver.query('CREATE EXTENSION IF NOT EXISTS vector');
    const [row] = await driver.query<{ server: string; extension: string; distance: number }>(
      `SELECT current_setting('server_version') AS server, extversion AS extension, '[0,0]'::vector <-> '[3,4]'::vector AS distance
       FROM pg_extension WHERE extname = 'vector'`,
    );
    const works = Number(row?.distance) === 5;
    return {
      works,
      detail: `${driver.location}: PostgreSQL ${row?.server}, pgvector ${row?.extension}${works ? '' : ', a distance came out wrong'}`,
    };
  } finally {
    await driver.close();
  }
}

async function probeTransformers(): Promise<Finding> {
  const { env } = await import('@huggingface/transformers');
  return { works: true, detail: `transformers.js ${env.version}` };
}

const PROBES: Readonly<Record<string, () => Promise<Finding>>> = {
  zstd: probeZstd,
  pglite: async () => probeDatabase(await openPglite()),
  postgresql: async () => probeDatabase(await openPostgres(process.env['CEM_DATABASE_URL'] ?? '')),
  transformers: probeTransformers,
};

/** Stands before the path of a plugin. */
const PLUGIN = 'plugin:';

async function probe(name: string): Promise<Finding> {
  try {
    if (name.startsWith(PLUGIN)) return await probePlugin(name.slice(PLUGIN.length));
    return await (PROBES[name] ?? (() => probeBackend(name)))();
  } catch (error) {
    if (!(error instanceof CemError))
      return { works: false, detail: error instanceof Error ? (error.stack?.split('\n')[0] ?? error.message) : String(error) };
    const { reason, advice } = error.details as { reason?: string; advice?: string };
    return { works: false, detail: reason ?? error.message, ...(advice ? { advice } : {}) };
  }
}

const finding = await probe(process.argv[2] ?? '');
// Dawn and PGlite keep a process alive: leave as soon as the finding is out.
process.stdout.write(`\n${JSON.stringify(finding)}\n`, () => process.exit(0));
