import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readBeir, splitSentences } from '../../data/index.ts';
import { MemoryStore } from '../../recipes/memory/index.ts';
import { GROUP_CODECS, type GroupCodecKind } from '../../search/rerank/index.ts';
import { type Bench, wholeNumber } from '../bench.ts';
import { describeMachine, type Measurement, median } from '../measurement.ts';
import { quantile } from './quantile.ts';

interface MemoryOptions {
  readonly data: string;
  readonly split: string;
  readonly items: number;
  readonly queries: number;
  readonly candidates: readonly number[];
  readonly model: string;
  readonly codec: GroupCodecKind;
  readonly models: string;
  readonly into: string | undefined;
}

const RESULTS = 10;
/** Memories that are kept in one call. */
const BATCH = 2000;
/** Queries before the clock is looked at. */
const WARM_UP = 20;

/** A store of memories: what keeping one takes, and how long a query waits that finds candidates by vectors and words and ranks them by their groups. */
export const memoryBench: Bench<MemoryOptions> = {
  name: 'memory',
  describe: 'A store of memories, each a sentence with a vector group: what one takes, and what a query waits',
  options: (parser) =>
    parser
      .option('data', {
        type: 'string',
        default: '../shared/data/techdocs-beir',
        describe: 'a BEIR folder, whose sentences are kept',
      })
      .option('split', { type: 'string', default: 'dev', describe: 'whose queries are asked' })
      .option('items', { type: 'number', default: 100_000, coerce: wholeNumber('items', 1), describe: 'memories' })
      .option('queries', { type: 'number', default: 500, coerce: wholeNumber('queries', 1), describe: 'queries' })
      .option('candidates', { type: 'number', array: true, default: [300, 1000], describe: 'memories that groups rank anew' })
      .option('model', { type: 'string', default: 'all-MiniLM-L6-v2', describe: "what gives tokens' vectors" })
      .option('codec', { choices: GROUP_CODECS, default: 'int8' as const, describe: 'how groups are stored' })
      .option('models', { type: 'string', default: '../shared/models', describe: 'folder of the model' })
      .option('into', {
        type: 'string',
        describe: 'keep the store there, where memories that it has are put anew; else a temporary one',
      }),
  run: async (options, say) => {
    const { codec, items } = options;
    const data = await readBeir(options.data, options.split);
    const texts = await sentences(data, items);
    const folder = options.into === undefined ? await mkdtemp(join(tmpdir(), 'cem-bench-')) : undefined;
    const into = resolve(options.into ?? join(folder!, 'store'));
    try {
      const measurements: Measurement[] = [];
      const queries = [...data.qrels.keys()].map((id) => data.queries.get(id)!).slice(0, options.queries);
      {
        await using store = await MemoryStore.open({
          into,
          models: options.models,
          groups: { encoder: { model: options.model }, vectorizer: { strategy: 'token_pool_topK' }, codec },
        });
        const [start, usage] = [performance.now(), process.cpuUsage()];
        for (let first = 0; first < texts.length; first += BATCH) {
          const batch = texts.slice(first, first + BATCH);
          await store.add(batch.map((text, index) => ({ memId: `m${first + index}`, text, createdAt: CREATED })));
          const seconds = (performance.now() - start) / 1000;
          say(`${first + batch.length} of ${texts.length} memories, ${((first + batch.length) / seconds).toFixed(1)}/s`);
        }
        const wall = (performance.now() - start) / 1000;
        const { user, system } = process.cpuUsage(usage);
        measurements.push(
          { name: `memories kept, ${texts.length}`, value: texts.length / wall, unit: '/s' },
          {
            name: "memories kept for a second of the processor's time",
            value: texts.length / ((user + system) / 1e6),
            unit: '/s',
          },
        );
        for (const candidates of options.candidates) {
          const times: number[] = [];
          for (const [place, query] of [...queries.slice(0, WARM_UP), ...queries].entries()) {
            const begin = performance.now();
            await store.query(query, { k: RESULTS, candidates });
            if (place >= Math.min(WARM_UP, queries.length)) times.push(performance.now() - begin);
          }
          say(`${candidates} candidates`);
          measurements.push(
            { name: `query, ${candidates} candidates, p50`, value: median(times), unit: 'ms' },
            { name: `query, ${candidates} candidates, p99`, value: quantile(times, 0.99), unit: 'ms' },
          );
        }
      }
      // A store that is open may still be putting its files in order.
      measurements.push({
        name: 'bytes of a memory on disk, everything',
        value: (await folderBytes(into)) / texts.length,
        unit: 'bytes',
      });
      return {
        bench: 'memory',
        date: new Date().toISOString().slice(0, 10),
        machine: describeMachine(),
        notes: [
          `Sentences of ${options.data}; groups of at most 32 vectors by ${options.model}, stored as ${codec}; ${queries.length} queries of the split ${options.split} after ${WARM_UP} of warming up, one at a time, the encoding of the query in it.`,
        ],
        measurements,
      };
    } finally {
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    }
  },
};

/** The same for every run, so that a store that is there already keeps what it has. */
const CREATED = '2026-01-01T00:00:00Z';

/** The first so many different sentences of the documents. */
async function sentences(data: Awaited<ReturnType<typeof readBeir>>, most: number): Promise<string[]> {
  const found = new Set<string>();
  for await (const { text } of data.documents()) {
    for (const sentence of splitSentences(text)) {
      found.add(sentence);
      if (found.size === most) return [...found];
    }
  }
  return [...found];
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  return bytes;
}
