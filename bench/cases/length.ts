import type { Bench } from '../bench.ts';
import { benchLength } from './measure-length.ts';

interface LengthBenchOptions {
  readonly config: string;
  readonly backend: string;
}

const LENGTHS = [2048, 4096, 8192, 16_384] as const;

/** What the length of a chunk costs in time and memory. */
export const lengthBench: Bench<LengthBenchOptions> = {
  name: 'length',
  describe: 'Encoding chunks of 2,048 to 16,384 symbols: time of the local and of the global part, memory',
  options: (parser) =>
    parser
      .option('config', { type: 'string', default: 'configs/small.yaml', describe: "the encoder's shape" })
      .option('backend', { type: 'string', default: 'auto', describe: 'what computes' }),
  run: ({ config, backend }, say) => benchLength({ config, lengths: LENGTHS, backend, onStage: say }),
};
