import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CemError, UsageError } from '../../base/index.ts';
import { selectBackend } from '../../model/backend/index.ts';
import { type Bench, wholeNumber } from '../bench.ts';
import { peerSizes } from '../gpu/sizes.ts';
import { type BenchReport, describeMachine, type Measurement, median } from '../measurement.ts';
import type { KernelTime } from './kernel-clock.ts';
import { measureRope } from './rope-cost.ts';
import { measureTrainLoop } from './train-loop.ts';

const BASE = ['--dim-local', '256', '--dim-global', '768', '--layers-global', '12', '--heads-global', '12'];
/** Shapes by name, as arguments that the peers and our own program take alike. `default`: the peers' own defaults. */
const SHAPES: Readonly<Record<string, readonly string[]>> = {
  default: [],
  base: [...BASE, '--batch', '8'],
  'base-64': [...BASE, '--batch', '64'],
};
/** Measured unless others are named: `base-64` takes 36 GB. */
const DEFAULT_SHAPES = ['default', 'base'];
const PEERS = ['bench_train.py', 'bench_plain.py'] as const;
/** The same two in our own program, which has bf16 and the fused AdamW. */
const OWN_PEERS = ['transformers', 'plain'] as const;
const OWN_PEER = fileURLToPath(new URL('../peers/torch_step.py', import.meta.url));
/** The default of `model.local.window`. */
const DEFAULT_WINDOW = 32;
const BAR = 0.8;
const WASM_BAR = 6;
const ROPE_STEPS = 20;
/** Kernels that the table shows. */
const SHOWN_KERNELS = 12;

interface TrainBenchOptions {
  readonly python: string;
  readonly peers: string;
  readonly shapes: readonly string[];
  readonly rounds: number;
  readonly steps: number;
  readonly threads: number;
  readonly corpus: string;
  readonly loop: boolean;
  readonly wasm: boolean;
  readonly backend: readonly string[];
  readonly precision: 'float32' | 'bf16';
}

interface StepTime {
  readonly secondsPerStep: number;
  readonly kernels?: readonly KernelTime[];
}

/** A training step beside the same work in PyTorch: what transformers makes of it, and a version written for speed. */
export const trainBench: Bench<TrainBenchOptions> = {
  name: 'train',
  describe: 'A training step beside PyTorch, and where its time goes',
  options: (parser) =>
    parser
      .option('python', { type: 'string', default: 'python3', describe: 'an interpreter that has torch and transformers' })
      .option('peers', {
        type: 'string',
        default: '../shared/reference/torch',
        describe: 'the folder of bench_train.py and bench_plain.py',
      })
      .option('shapes', {
        type: 'string',
        array: true,
        default: DEFAULT_SHAPES,
        choices: Object.keys(SHAPES),
        describe: 'sizes',
      })
      .option('rounds', { type: 'number', default: 4, describe: 'turns that each side takes', coerce: wholeNumber('rounds', 1) })
      .option('steps', { type: 'number', default: 6, describe: 'steps a turn', coerce: wholeNumber('steps', 1) })
      .option('threads', { type: 'number', default: 2, describe: 'threads of every side', coerce: wholeNumber('threads', 1) })
      .option('corpus', {
        type: 'string',
        default: '../shared/data/techdocs-beir/corpus.jsonl',
        describe: 'texts for the cost of the rope: what `cem pack` reads',
      })
      .option('loop', { type: 'boolean', default: true, describe: 'what the loop around a step costs' })
      .option('wasm', { type: 'boolean', default: true, describe: 'the wasm backend too (slow)' })
      .option('backend', {
        type: 'string',
        array: true,
        default: ['tensorflow'],
        describe: 'what computes our steps; several take turns',
      })
      .option('precision', {
        type: 'string',
        default: 'float32' as const,
        choices: ['float32', 'bf16'] as const,
        describe: 'what products are computed in (bf16: backend xla), the peers too',
      }),
  run: async (options, say) => {
    const peers = resolve(options.peers);
    if (!existsSync(join(peers, PEERS[0])))
      throw new UsageError('USAGE', `--peers ${options.peers} does not hold ${PEERS.join(' and ')}`);
    const measurements: Measurement[] = [];
    const notes = [
      `Median of ${options.rounds} turns of ${options.steps} steps (each the median of its steps), ${options.threads} threads, the sides taking turns. Local attention sees the whole sequence, as the peers' does; the tables are ours (on the host, row-sparse Adam).`,
    ];
    for (const shape of options.shapes) measurements.push(...measureShape(shape, peers, options, say));
    // Our programs above have processes of their own; what follows shares this one.
    await selectBackend('auto');
    say('rope');
    measurements.push(await measureRope(options.corpus, ROPE_STEPS));
    if (options.loop) {
      const loop = await measureTrainLoop({ steps: options.steps }, say);
      measurements.push(...loop.measurements);
      notes.push(...loop.notes);
    }
    say('kernels');
    const { kernels } = runOurs(['--kernels', '--steps', '2'], 'tensorflow', options);
    notes.push(
      `Kernels of one step of \`default\` on tensorflow, ms: ${kernels!.slice(0, SHOWN_KERNELS).map(showKernel).join(', ')}.`,
    );
    const report: BenchReport = {
      bench: 'train',
      date: new Date().toISOString().slice(0, 10),
      machine: describeMachine(),
      notes,
      measurements,
    };
    return report;
  },
};

function measureShape(shape: string, peers: string, options: TrainBenchOptions, say: (line: string) => void): Measurement[] {
  const { rounds, steps, wasm, precision } = options;
  const sides = options.backend.map((backend) => ({
    backend,
    name: precision === 'bf16' ? `${backend} in bf16` : backend,
    whole: [] as number[],
    windowed: [] as number[],
  }));
  const names = PEERS.map((peer, index) => (precision === 'bf16' ? `torch_step.py ${OWN_PEERS[index]} in bf16` : peer));
  const peerSeconds = PEERS.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    say(`${shape}, turn ${round + 1} of ${rounds}`);
    const turn = [...SHAPES[shape]!, '--steps', String(steps)];
    const ours = [...turn, '--precision', precision];
    for (const { backend, whole, windowed } of sides) {
      whole.push(runOurs(ours, backend, options).secondsPerStep);
      windowed.push(runOurs([...ours, '--window', String(DEFAULT_WINDOW)], backend, options).secondsPerStep);
    }
    PEERS.forEach((_, index) => {
      peerSeconds[index]!.push(runPeer(index, SHAPES[shape]!, peers, options));
    });
  }
  const times = peerSeconds.map(median);
  const fastest = Math.min(...times);
  const peer = { name: `ms, ${names[times.indexOf(fastest)]}`, value: 1000 * fastest };
  const result: Measurement[] = [
    ...sides.flatMap(({ name, whole, windowed }): Measurement[] => [
      {
        name: `step, ${shape}, ${name}`,
        value: 1000 * median(whole),
        unit: 'ms',
        reference: { ...peer, name: `${peer.name}, the faster peer` },
        bar: { atMost: BAR },
      },
      {
        name: `step, ${shape}, ${name}, local attention in windows of ${DEFAULT_WINDOW}, the encoder's default`,
        value: 1000 * median(windowed),
        unit: 'ms',
        reference: peer,
      },
    ]),
    ...names.map((name, index) => ({ name: `step, ${shape}, ${name}`, value: 1000 * times[index]!, unit: 'ms' })),
  ];
  if (!wasm || shape !== 'default') return result;
  say(`${shape}, wasm`);
  const slow = runOurs([...SHAPES[shape]!, '--steps', '3', '--warmup', '1'], 'wasm', options).secondsPerStep;
  result.push({
    name: `step, ${shape}, wasm`,
    value: 1000 * slow,
    unit: 'ms',
    reference: { name: `ms, ${sides[0]!.name}`, value: 1000 * median(sides[0]!.whole) },
    bar: { atMost: WASM_BAR },
  });
  return result;
}

/** Seconds a step of one of the peers. */
function runPeer(
  index: number,
  shape: readonly string[],
  peers: string,
  { python, steps, threads, precision }: TrainBenchOptions,
): number {
  const counts = ['--steps', String(steps), '--threads', String(threads)];
  const args =
    precision === 'bf16'
      ? [OWN_PEER, '--encoder', OWN_PEERS[index]!, '--dtypes', 'bf16', '--sizes', peerSizes(sizesOf(shape)), ...counts]
      : [join(peers, PEERS[index]!), ...shape, ...counts];
  return (JSON.parse(capture(python, args, {})) as StepTime).secondsPerStep;
}

/** `--batch 8` as `{ batch: 8 }`. */
function sizesOf(shape: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    shape.flatMap((word, index) => (index % 2 === 0 ? [[word.slice('--'.length), Number(shape[index + 1])]] : [])),
  );
}

function runOurs(shape: readonly string[], backend: string, { threads }: TrainBenchOptions): StepTime {
  const program = fileURLToPath(new URL('./train-step.ts', import.meta.url));
  const output = capture(process.execPath, ['--import', import.meta.resolve('tsx'), program, ...shape, '--backend', backend], {
    CEM_THREADS: String(threads),
  });
  return JSON.parse(output) as StepTime;
}

/** Standard output of a program, its last line. */
function capture(command: string, args: readonly string[], environment: NodeJS.ProcessEnv): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  if (status === 0) return stdout.trim().split('\n').at(-1)!;
  throw new CemError('BENCH_PROGRAM', `${command} ${args.join(' ')} failed: ${error?.message ?? stderr}`);
}

function showKernel({ name, calls, milliseconds }: KernelTime): string {
  return `${name} ${milliseconds.toFixed(0)} (${calls})`;
}
