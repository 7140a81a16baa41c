import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { CemError } from '../../base/index.ts';
import { type Bench, wholeNumber } from '../bench.ts';
import { describeMachine } from '../measurement.ts';
import { countResults, fifthOf, measureIngest, stagesOf } from './measure-ingest.ts';

/** Memory in the last fifth of the time, and of each stage's, against that in the second: what is kept for each file must be next to nothing. */
const MEMORY_BAR = 1.3;
/** Something that manuals explain. */
const QUERY = 'how to insert a table';
/** Files of a folder. */
const FOLDER_FILES = 500;

interface IngestBenchOptions {
  readonly source: string;
  readonly files: number;
  readonly backend: string;
}

/** Writes so many pages: those of the source, then copies of them with another text. */
async function writePages(source: string, count: number, into: string): Promise<number> {
  const entries = existsSync(source) ? await readdir(source, { recursive: true, withFileTypes: true }) : [];
  const pages = entries
    .filter((entry) => entry.isFile() && /^\.html?$/i.test(extname(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  if (pages.length === 0)
    throw new CemError('BENCH_INGEST', `${source} has no .html file: name a folder that has (scripts/books.sh fetches one)`);
  for (let number = 0; number < count; number++) {
    const page = pages[number % pages.length]!;
    const copy = Math.floor(number / pages.length);
    const text = await readFile(page, 'latin1');
    const changed =
      copy === 0 ? text : text.replaceAll('</p>', ` (copy ${copy})</p>`).replace('<body', `<body data-copy="${copy}"`);
    const folder = join(into, String(Math.floor(number / FOLDER_FILES)));
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `${number}-${basename(dirname(page))}-${basename(page)}`), changed, 'latin1');
  }
  return pages.length;
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size;
  return bytes;
}

/** Ingestion of many pages into a new collection: files a second, and the memory of the process over time. */
export const ingestBench: Bench<IngestBenchOptions> = {
  name: 'ingest',
  describe: 'ingestion of many HTML files: files a second, memory over time and by stage (Linux)',
  options: (parser) =>
    parser
      .option('source', {
        type: 'string',
        default: '.cache/books',
        describe: 'folder of .html files; copies with changed text where there are too few',
      })
      .option('files', { type: 'number', default: 20_000, coerce: wholeNumber('files', 1) })
      .option('backend', { type: 'string', default: 'tensorflow' }),
  async run({ source, files, backend }, say) {
    const folder = await mkdtemp(join(tmpdir(), 'cem-bench-'));
    try {
      const pages = join(folder, 'pages');
      const pageCount = await writePages(source, files, pages);
      say(`${files} files written, of ${pageCount} pages`);
      const collection = join(folder, 'collection');
      const { result, samples } = await measureIngest(pages, collection, backend);
      say('ingested; searching');
      const found = await countResults(collection, QUERY);
      const own = samples.map((sample) => sample.own);
      const stages = stagesOf(samples);
      const processor = samples.at(-1)?.processor ?? 0;
      const most = (values: readonly number[]): string => values.reduce((largest, one) => Math.max(largest, one), 0).toFixed(0);
      const inSecond = (value: number) => ({ name: 'in the second', value });
      return {
        bench: 'ingest',
        date: new Date().toISOString().slice(0, 10),
        machine: describeMachine(),
        notes: [
          `${files} HTML files (${Math.min(files, pageCount)} pages, the rest copies with changed text; ${(result.bytes / 1e6).toFixed(0)} MB) ingested into a new collection, embedded database, backend ${backend}: ${result.files.added} went in, ${result.files.failed} failed; ${result.documents} units, ${result.passages} passages; ${result.seconds.toFixed(0)} s, ${processor.toFixed(0)} s of processors. The collection takes ${((await folderBytes(collection)) / 1e6).toFixed(0)} MB.`,
          `By stage, seconds (of processors): ${stages.map(({ stage, seconds, processor: own }) => `${stage} ${seconds.toFixed(0)} (${own.toFixed(0)})`).join(', ')}.`,
          `Resident memory of the process, medians of the fifths of its time: ${[0, 1, 2, 3, 4].map((number) => fifthOf(own, number).toFixed(0)).join(', ')} MiB; ${most(own)} MiB at most, and ${most(samples.map(({ parsers }) => parsers))} MiB of the processes that parse.`,
        ],
        measurements: [
          { name: 'files', value: files / result.seconds, unit: 'files/s' },
          { name: 'files for a second of a processor', value: files / processor, unit: 'files' },
          {
            name: 'memory in the last fifth',
            value: fifthOf(own, 4),
            unit: 'MiB',
            reference: inSecond(fifthOf(own, 1)),
            bar: { atMost: MEMORY_BAR },
          },
          ...stages
            .filter(({ tellsGrowth }) => tellsGrowth)
            .map(({ stage, second, last }) => ({
              name: `${stage}: memory in the last fifth`,
              value: last,
              unit: 'MiB',
              reference: inSecond(second),
              bar: { atMost: MEMORY_BAR },
            })),
          { name: `results of "${QUERY}"`, value: found, unit: '', bar: { atLeast: 1 } },
        ],
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
