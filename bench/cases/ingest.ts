import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CemError } from '../../base/index.ts';
import { type Bench, wholeNumber } from '../bench.ts';
import { describeMachine, median } from '../measurement.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
/** Memory in the last fifth of the time against that in the second: what is kept for each file must be next to nothing. */
const MEMORY_BAR = 1.3;
const SAMPLE_MS = 500;
/** Files of a folder. */
const FOLDER_FILES = 500;

interface IngestBenchOptions {
  readonly source: string;
  readonly files: number;
  readonly backend: string;
}

/** Kilobytes by time of the process that ingests, without those that parse for it. */
interface Ingested {
  readonly result: {
    readonly files: { readonly added: number; readonly failed: number };
    readonly bytes: number;
    readonly seconds: number;
  };
  readonly memory: readonly number[];
}

/** Writes so many pages: those of the source, then copies of them with another text. */
async function writePages(source: string, count: number, into: string): Promise<number> {
  const pages = (await readdir(source, { recursive: true, withFileTypes: true }))
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

async function ingestPages(pages: string, collection: string, backend: string): Promise<Ingested> {
  const words = ['ingest', pages, '--into', collection, '--backend', backend, '--json'];
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), MAIN, ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (data: Buffer) => {
    printed += data.toString();
  });
  const memory: number[] = [];
  const timer = setInterval(async () => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]);
    if (kilobytes > 0) memory.push(kilobytes);
  }, SAMPLE_MS);
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearInterval(timer);
  if (code !== 0) throw new CemError('BENCH_INGEST', `cem ingest ended with ${String(code)}`);
  return { result: JSON.parse(printed) as Ingested['result'], memory };
}

/** Ingestion of many pages into a new collection: files a second, and the memory of the process over time. */
export const ingestBench: Bench<IngestBenchOptions> = {
  name: 'ingest',
  describe: 'ingestion of many HTML files: files a second, memory over time (Linux)',
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
      const own = await writePages(source, files, pages);
      say(`${files} files written, of ${own} pages`);
      const { result, memory } = await ingestPages(pages, join(folder, 'collection'), backend);
      const fifth = (number: number): number =>
        median(
          memory.slice(Math.floor((number * memory.length) / 5), Math.max(1, Math.floor(((number + 1) * memory.length) / 5))),
        ) / 1024;
      const most = memory.reduce((largest, one) => Math.max(largest, one), 0) / 1024;
      return {
        bench: 'ingest',
        date: new Date().toISOString().slice(0, 10),
        machine: describeMachine(),
        notes: [
          `\`cem ingest\` of ${files} HTML files (${Math.min(files, own)} pages, the rest copies with changed text; ${(result.bytes / 1e6).toFixed(0)} MB) into a new collection, embedded database, backend ${backend}: ${result.files.added} went in, ${result.files.failed} failed, ${result.seconds.toFixed(0)} s.`,
          `Resident memory of the process, without those that parse, medians of the fifths of its time: ${[0, 1, 2, 3, 4].map((number) => fifth(number).toFixed(0)).join(', ')} MB; ${most.toFixed(0)} MB at most.`,
        ],
        measurements: [
          { name: 'files', value: files / result.seconds, unit: 'files/s' },
          {
            name: 'memory in the last fifth',
            value: fifth(4),
            unit: 'MB',
            reference: { name: 'in the second', value: fifth(1) },
            bar: { atMost: MEMORY_BAR },
          },
        ],
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
