import { followStages, formatBytes, type Listener, UsageError } from '../../base/index.ts';
import { BEIR_ARCHIVES, BEIR_DATASETS, type BeirDataset, fetchBeirDataset, LONG_EMBED_TASKS } from '../../data/index.ts';
import { defineCommand } from '../command.ts';

interface FetchDataOptions {
  readonly name: string | undefined;
  readonly output: string;
  readonly from: string;
}

interface FetchDataResult {
  /** What was fetched; absent when only the list was asked for. */
  readonly fetched?: {
    readonly name: string;
    readonly split: string;
    readonly folders: readonly string[];
    readonly alreadyThere: boolean;
  };
  /** All sets that are known; absent when one was fetched. */
  readonly known?: readonly BeirDataset[];
}

export const fetchDataCommand = defineCommand<FetchDataOptions, FetchDataResult>({
  command: 'fetch-data [name]',
  describe: 'Download a set of BEIR, checked and unpacked; without a name list them',
  examples: [
    ['fetch-data', 'names, splits and sizes'],
    ['fetch-data scifact --output data', 'data/scifact/ in BEIR layout; the same command goes on after a cut'],
  ],
  options: (parser) =>
    parser
      .positional('name', { type: 'string', describe: "BEIR's name of the set" })
      .option('output', { type: 'string', default: 'data', describe: "folder that the set's folder is made in" })
      .option('from', {
        type: 'string',
        default: process.env['CEM_BEIR_ARCHIVES'] ?? BEIR_ARCHIVES,
        defaultDescription: "BEIR's own server (or CEM_BEIR_ARCHIVES)",
        describe: 'address of a mirror that has NAME.zip',
      }),
  run: ({ name, output, from }, reporter) =>
    name === undefined ? Promise.resolve({ known: BEIR_DATASETS }) : fetchOne(name, output, from, reporter),
  text: ({ fetched, known }) => {
    if (fetched === undefined) return formatKnown(known ?? []);
    const { name, split, folders, alreadyThere } = fetched;
    const part = folders.length > 1 ? `${folders.length} folders, such as ${folders[0]}` : folders[0]!;
    return `${name} ${alreadyThere ? 'was there already' : 'is there'}: ${part}\nnext: cem eval --checkpoint RUN --data ${folders[0]} --split ${split}`;
  },
});

async function fetchOne(name: string, output: string, from: string, reporter: Listener): Promise<FetchDataResult> {
  if (!/^https?:\/\//.test(from) || !URL.canParse(from)) {
    throw new UsageError('FETCH_ADDRESS', `--from ${from} is no address that begins with http:// or https://`);
  }
  const stages = followStages(reporter);
  try {
    const { dataset, folders, alreadyThere } = await fetchBeirDataset(name, {
      output,
      archives: from.replace(/\/+$/, ''),
      onProgress: (stage, done, total) => stages.progress(`${stage} (MB)`, megabytes(done), megabytes(total)),
    });
    stages.done();
    return { fetched: { name, split: dataset.testSplit, folders, alreadyThere } };
  } finally {
    stages.fail();
  }
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}

function formatKnown(known: readonly BeirDataset[]): string {
  const lines = known.map(
    ({ name, testSplit, documents, queries, archive }) =>
      `${name.padEnd(18)}${testSplit.padEnd(6)}${String(documents).padStart(12)}${String(queries).padStart(9)}  ${archive ? formatBytes(archive.bytes) : 'not public'}`,
  );
  const longEmbed = LONG_EMBED_TASKS.filter(({ kind }) => kind === 'real').map(({ name }) => name);
  return [
    `${'name'.padEnd(18)}${'split'.padEnd(6)}${'documents'.padStart(12)}${'queries'.padStart(9)}  archive`,
    ...lines,
    '',
    `LongEmbed: ${longEmbed.join(', ')} are placed by hand (cem fetch-data NAME says how); passkey and needle come from cem long-embed generate`,
  ].join('\n');
}
