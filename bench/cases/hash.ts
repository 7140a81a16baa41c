import { documentText, readCorpus } from '../../data/index.ts';
import { type Bench, wholeNumber } from '../bench.ts';
import { benchHash } from './measure-hash.ts';

interface HashBenchOptions {
  readonly corpus: string;
  readonly megabytes: number;
  readonly rounds: number;
}

/** Hashing of n-grams beside its definition. */
export const hashBench: Bench<HashBenchOptions> = {
  name: 'hash',
  describe: 'Hashing of n-grams beside its definition in BigInt arithmetic',
  options: (parser) =>
    parser
      .option('corpus', { type: 'string', demandOption: true, describe: 'texts to measure with: what `cem pack` reads' })
      .option('megabytes', {
        type: 'number',
        default: 4,
        describe: 'how much of them',
        coerce: wholeNumber('megabytes', 1),
      })
      .option('rounds', {
        type: 'number',
        default: 9,
        describe: 'each figure is the median of so many',
        coerce: wholeNumber('rounds', 1),
      }),
  run: async ({ corpus, megabytes, rounds }, say) => {
    const texts: Buffer[] = [];
    let bytes = 0;
    for await (const document of readCorpus(corpus)) {
      const text = Buffer.from(documentText(document));
      texts.push(text);
      bytes += text.length;
      if (bytes >= megabytes * 1e6) break;
    }
    return benchHash({ content: Buffer.concat(texts).subarray(0, megabytes * 1e6), rounds, onStage: say });
  },
};
