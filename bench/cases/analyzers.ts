import { documentText, readBeir } from '../../data/index.ts';
import { evaluate } from '../../eval/index.ts';
import { Bm25Retriever, wholeDocuments } from '../../search/index.ts';
import { type Analyzer, type AnalyzerInput, openAnalyzer } from '../../search/lexical/index.ts';
import type { Bench } from '../bench.ts';
import { describeMachine, type Measurement } from '../measurement.ts';

interface AnalyzersBenchOptions {
  readonly data: string;
  readonly split: string;
}

const ON_AND_OFF = [true, false] as const;
const ANALYZERS: readonly AnalyzerInput[] = [
  { kind: 'characters' },
  ...(['characters', 'words', 'both'] as const).flatMap((chinese) =>
    ON_AND_OFF.flatMap((stemming) => ON_AND_OFF.map((stopWords) => ({ kind: 'words' as const, chinese, stemming, stopWords }))),
  ),
];

/** Speed is measured over so many bytes of the corpus, as the best of so many rounds. */
const MEASURED_BYTES = 8e6;
const ROUNDS = 3;

/** Analyzers of text beside each other: how BM25 ranks by their terms, and how fast they cut. */
export const analyzersBench: Bench<AnalyzersBenchOptions> = {
  name: 'analyzers',
  describe: 'BM25 by the terms of each analyzer, and megabytes a second of each',
  options: (parser) =>
    parser
      .option('data', { type: 'string', demandOption: true, describe: 'folder in the layout of BEIR' })
      .option('split', { type: 'string', default: 'test', describe: 'whose queries are asked' }),
  run: async ({ data, split }, say) => {
    const { documents, queries, qrels } = await readBeir(data, split);
    const texts = new Map<string, string>();
    for await (const document of documents()) texts.set(document.id, documentText(document));
    const measurements: Measurement[] = [];
    for (const input of ANALYZERS) {
      const analyzer = await openAnalyzer(input);
      const name = nameOf(input);
      say(name);
      const retriever = await Bm25Retriever.create(wholeDocuments(texts), { tokenize: analyzer.terms });
      const { rows } = await evaluate({ ids: [...texts.keys()], queries, qrels, retrievers: [retriever] });
      measurements.push({ name: `${name}, nDCG@10`, value: rows[0]!.average['ndcg_at_10']!, unit: '' });
      measurements.push({ name: `${name}, speed`, value: speedOf(analyzer, [...texts.values()]), unit: 'MB/s' });
    }
    return {
      bench: 'analyzers',
      date: new Date().toISOString().slice(0, 10),
      machine: describeMachine(),
      notes: [
        `BM25 with its defaults over the ${texts.size} documents of ${data}, the queries of ${split}.`,
        'Speed: bytes of UTF-8 by processor time.',
      ],
      measurements,
    };
  },
};

function nameOf(input: AnalyzerInput): string {
  if (input.kind === 'characters') return 'characters';
  const options = [input.stemming && 'stems', input.stopWords && 'stop words'].filter((option) => option !== false);
  return `words, Chinese by ${input.chinese}${options.length === 0 ? '' : `, ${options.join(', ')}`}`;
}

function speedOf({ terms }: Analyzer, texts: readonly string[]): number {
  let bytes = 0;
  const measured = texts.filter((text) => {
    if (bytes >= MEASURED_BYTES) return false;
    bytes += Buffer.byteLength(text);
    return true;
  });
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    for (const text of measured) terms(text);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, user + system);
  }
  return bytes / best;
}
