import { readFile } from 'node:fs/promises';
import { documentText, readBeir } from '../../data/index.ts';
import { openAnalyzer } from '../../search/lexical/index.ts';
import type { Bench } from '../bench.ts';
import { describeMachine, type Measurement, median } from '../measurement.ts';
import { type LexicalMeasures, measureLexical } from './measure-lexical.ts';

interface LexicalBenchOptions {
  readonly data: string;
  readonly split: string;
  readonly questions: readonly string[];
  readonly sizes: string;
  readonly analyzer: 'words' | 'characters';
  readonly database: string | undefined;
}

/** What a search may take at a number of chunks, in milliseconds: those of an inverted index in SQLite (the product's requirements). */
const BARS: ReadonlyMap<number, number> = new Map([
  [1_909, 1],
  [11_454, 6.8],
  [101_177, 35.7],
]);
const BUILD_SECONDS = 60;
const LARGEST_DIFFERENCE = 1e-6;

/** BM25 over the inverted index of a store, beside BM25 in memory: how long it is built and asked, and whether scores are the same. */
export const lexicalBench: Bench<LexicalBenchOptions> = {
  name: 'lexical',
  describe: 'BM25 in the database, embedded and by URL, against BM25 in memory',
  options: (parser) =>
    parser
      .option('data', {
        type: 'string',
        demandOption: true,
        describe: 'folder in the layout of BEIR, whose documents are chunks, copied until they are enough',
      })
      .option('split', { type: 'string', default: 'test', describe: 'any that it has' })
      .option('questions', { type: 'string', array: true, demandOption: true, describe: 'JSONL files whose lines have a query' })
      .option('sizes', { type: 'string', default: [...BARS.keys()].join(','), describe: 'numbers of chunks' })
      .option('analyzer', { choices: ['words', 'characters'] as const, default: 'words' as const, describe: 'what cuts terms' })
      .option('database', { type: 'string', describe: 'a PostgreSQL with pgvector, which is measured beside the embedded one' }),
  run: async ({ data, split, questions, sizes, analyzer: kind, database }, say) => {
    const { documents } = await readBeir(data, split);
    const originals: string[] = [];
    for await (const document of documents()) originals.push(documentText(document));
    const queries = (await Promise.all(questions.map((path) => readFile(path, 'utf8')))).flatMap((file) =>
      file
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map((line) => (JSON.parse(line) as { query: string }).query),
    );
    const analyzer = await openAnalyzer({ kind });
    const measurements: Measurement[] = [];
    for (const size of sizes.split(',').map(Number)) {
      const texts = Array.from({ length: size }, (_, number) => originals[number % originals.length]!);
      for (const [store, url] of [
        ['embedded', undefined],
        ...(database === undefined ? [] : [['server', database] as const]),
      ] as const) {
        say(`${size} chunks, ${store}`);
        measurements.push(
          ...figures(
            `${size}, ${store}`,
            { size, embedded: url === undefined },
            await measureLexical({ texts, queries, analyzer, database: url }),
          ),
        );
      }
    }
    return {
      bench: 'lexical',
      date: new Date().toISOString().slice(0, 10),
      machine: describeMachine(),
      notes: [
        `The ${originals.length} documents of ${data}, each a chunk, copied; ${queries.length} questions, one after the other, the best 10 of each; terms by ${kind}.`,
        'Built: analysed, written in transactions of 512 rows with vectors of two values, merged. After 50 searches for beginnings of chunks all questions, twice; in memory the second time.',
        'Processor time is that of this process: all of the work where the database is embedded, whatever else the machine computes.',
      ],
      measurements,
    };
  },
};

function figures(
  name: string,
  { size, embedded }: { readonly size: number; readonly embedded: boolean },
  measures: LexicalMeasures,
): Measurement[] {
  const { first, again, peer } = measures;
  const limit = BARS.get(size);
  const bar = limit === undefined ? {} : { bar: { atMost: limit } };
  const half = (what: string, values: readonly number[], barOf: object = {}): Measurement => ({
    name: `${name}, half of the questions within${what}`,
    value: median(values),
    unit: 'ms',
    ...barOf,
  });
  return [
    half(', the first time', first.times, bar),
    half('', again.times, bar),
    half(', in memory', peer.times),
    half(' of processor time, the first time', first.processor, embedded ? bar : {}),
    half(' of processor time', again.processor, embedded ? bar : {}),
    half(' of processor time, in memory', peer.processor),
    { name: `${name}, index built`, value: measures.buildSeconds, unit: 's', bar: { atMost: BUILD_SECONDS } },
    {
      name: `${name}, processor time of it`,
      value: measures.buildProcessorSeconds,
      unit: 's',
      ...(embedded && { bar: { atMost: BUILD_SECONDS } }),
    },
    { name: `${name}, tables of terms`, value: measures.megabytes, unit: 'MB' },
    { name: `${name}, largest difference of a score`, value: measures.difference, unit: '', bar: { atMost: LARGEST_DIFFERENCE } },
  ];
}
