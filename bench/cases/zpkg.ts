import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CemError } from '../../base/index.ts';
import { type Document, readCorpus } from '../../data/index.ts';
import { type Bench, wholeNumber } from '../bench.ts';
import { benchZpkg } from './measure-zpkg.ts';

/** MB of resident memory that packing may take, whatever the size of the corpus. */
const MEMORY_BAR = 500;

interface ZpkgBenchOptions {
  readonly corpus: string;
  readonly documents: number;
  readonly rounds: number;
  readonly megabytes: number;
}

/** The container beside the zstd program and plain reads. */
export const zpkgBench: Bench<ZpkgBenchOptions> = {
  name: 'zpkg',
  describe: 'The container beside the zstd program and plain reads',
  options: (parser) =>
    parser
      .option('corpus', { type: 'string', demandOption: true, describe: 'texts to measure with: what `cem pack` reads' })
      .option('documents', {
        type: 'number',
        default: 8000,
        describe: 'the first so many',
        coerce: wholeNumber('documents', 1),
      })
      .option('rounds', {
        type: 'number',
        default: 3,
        describe: 'each figure is the median of so many',
        coerce: wholeNumber('rounds', 1),
      })
      .option('megabytes', {
        type: 'number',
        default: 300,
        describe: 'size of the synthetic corpus whose memory is measured; 0 leaves it out',
        coerce: wholeNumber('megabytes', 0),
      }),
  run: async ({ corpus, documents, rounds, megabytes }, say) => {
    const folder = await mkdtemp(join(tmpdir(), 'cem-bench-'));
    try {
      const report = await benchZpkg({ documents: await firstDocuments(corpus, documents), folder, rounds, onStage: say });
      if (megabytes === 0) return report;
      say('memory');
      const { resident, peak, seconds } = measureMemory(megabytes, folder);
      return {
        ...report,
        notes: [
          ...report.notes,
          `Synthetic corpus: ${megabytes} MB at level 1 in ${seconds.toFixed(0)} s, the text being made on the way; resident at each tenth of the second pass: ${resident.join(', ')} MB.`,
        ],
        measurements: [
          ...report.measurements,
          { name: `peak memory, packing ${megabytes} MB`, value: peak, unit: 'MB', bar: { atMost: MEMORY_BAR } },
        ],
      };
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

async function firstDocuments(path: string, count: number): Promise<Document[]> {
  const documents: Document[] = [];
  for await (const document of readCorpus(path)) {
    documents.push(document);
    if (documents.length === count) break;
  }
  return documents;
}

/** In a process of its own, whose memory is nothing else's. */
function measureMemory(megabytes: number, folder: string): { resident: number[]; peak: number; seconds: number } {
  const program = fileURLToPath(new URL('./pack-synthetic.ts', import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), program, String(megabytes), join(folder, 'synthetic.zpkg')],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new CemError('BENCH_MEMORY', `packing the synthetic corpus failed: ${stderr}`);
  return JSON.parse(stdout) as { resident: number[]; peak: number; seconds: number };
}
