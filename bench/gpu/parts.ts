import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peerSizes, type StepShape, stepArguments, stepShapes } from './sizes.ts';

/** One thing that is run, in a process of its own; it prints JSON lines, or the tests' summary. */
export interface Part {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Most seconds that it may take. */
  readonly seconds: number;
  /** What stands beside each of its lines in the results. */
  readonly facts?: Readonly<Record<string, string | number>>;
  /** Its output holds the sums of the tests' runner. */
  readonly isTests?: boolean;
}

/** Parts that are run one after another, or side by side where only what they find matters. */
interface Stage {
  readonly name: string;
  readonly parts: readonly Part[];
  readonly together: boolean;
  /** Most seconds of all of them; what earlier stages leave over comes on top. */
  readonly seconds: number;
}

interface CheckOptions {
  readonly quick: boolean;
  /** What the parts' own limits are multiplied by: a processor takes longer, above all where others use it too. */
  readonly patience: number;
  /** An interpreter that has torch and transformers. */
  readonly python: string;
  /** Where parts may write. */
  readonly scratch: string;
  /** Seconds in all. */
  readonly seconds: number;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const TRAIN_STEP = fileURLToPath(new URL('../cases/train-step.ts', import.meta.url));
const DEVICES = fileURLToPath(new URL('./devices-program.ts', import.meta.url));
const INDEXING = fileURLToPath(new URL('./indexing-program.ts', import.meta.url));
const RETENTION = fileURLToPath(new URL('./retention-program.ts', import.meta.url));
const TESTS = fileURLToPath(new URL('../../tests/run.ts', import.meta.url));
const PEER = fileURLToPath(new URL('../peers/torch_step.py', import.meta.url));

/** Suites of what an accelerator may do otherwise: kernels against other backends, compiled functions, layers, losses and their gradients, optimisers, the step on the device. */
export const SUITES =
  '^(model/backend/(compile-function|xla/(kernels|xla-backend|xla-function))|model/layers/|training/(losses|device)/(?!.*[.]long)|training/loop/(gradients|ema)|training/optimizers/(dense|row))';
/** The shortest of them, where a processor computes. */
const QUICK_SUITES = '^model/backend/xla/(xla-backend|xla-function)';
/** Programs are compiled in half the time, and run slower. */
export const QUICK_COMPILER = 'xla_backend_optimization_level=0';

/** Training steps of the retention check. */
const RETENTION_STEPS = 200;
/** Shares of the whole time; the parts' own limits stand below. */
const SHARES = { look: 0.06, steps: 0.5, found: 0.28, more: 0.16 };

/** Markdown to train on and to index: what the bundle brings, else that of the installed packages. */
export function textsFolder(): string {
  const brought = join(root, 'texts');
  return existsSync(brought) ? brought : join(root, 'node_modules');
}

/** Everything that `gpu-check` runs, in its order: what matters most first. */
export function stages(options: CheckOptions): Stage[] {
  const { quick, seconds, patience } = options;
  const shapes = stepShapes(quick);
  const all = [...shapes.base, shapes.default];
  const compiler: Readonly<Record<string, string>> = quick ? { CEM_XLA_SETTINGS: QUICK_COMPILER } : {};
  const limit = (wanted: number): number => wanted * patience;
  const ours = (shape: StepShape, dtype: 'float32' | 'bf16'): Part =>
    program(TRAIN_STEP, {
      name: `step: ${shape.name}, ${dtype}, ours`,
      args: [...stepArguments(shape.sizes), ...stepCounts(quick), '--backend', 'xla', '--precision', dtype],
      seconds: limit(90),
      facts: { what: 'step', shape: shape.name, dtype, side: 'ours' },
      environment: compiler,
    });
  const peer = (encoder: string, part: readonly StepShape[], compile: readonly string[], wanted: number): Part => ({
    name: `steps: ${part.map(({ name }) => name).join('; ')}; PyTorch, ${encoder}${compile[0] === 'none' ? '' : `, compiled (${compile.join(', ')})`}`,
    command: options.python,
    args: [
      PEER,
      '--encoder',
      encoder,
      '--sizes',
      ...part.map(({ sizes }) => peerSizes(sizes)),
      '--dtypes',
      'bf16',
      'float32',
      '--compile',
      ...compile,
      ...stepCounts(quick),
    ],
    // Weights may come from nowhere.
    environment: { HF_HUB_OFFLINE: '1', PYTHONUNBUFFERED: '1' },
    seconds: limit(wanted),
    facts: { what: 'step', side: 'peer' },
  });
  const training = (backend: string, dtype: 'float32' | 'bf16'): Part =>
    program(RETENTION, {
      name: `training: ${RETENTION_STEPS} steps, ${dtype}, ${backend}`,
      args: [
        '--backend',
        backend,
        '--precision',
        dtype,
        '--steps',
        String(RETENTION_STEPS),
        '--run',
        join(options.scratch, `training-${backend}-${dtype}`),
        '--source',
        textsFolder(),
        ...(quick ? ['--quick'] : []),
      ],
      environment: compiler,
      seconds: limit(140),
      facts: { what: 'training', backend, dtype },
    });
  return [
    {
      name: 'devices',
      together: false,
      seconds: SHARES.look * seconds,
      parts: [program(DEVICES, { name: 'devices', args: [], seconds: limit(35), facts: { what: 'devices' } })],
    },
    {
      name: 'times',
      together: false,
      seconds: SHARES.steps * seconds,
      parts: [
        ...shapes.base.map((shape) => ours(shape, 'bf16')),
        peer('plain', all, ['none'], 60),
        ...(quick ? shapes.base.slice(0, 1) : shapes.base).map((shape) => ours(shape, 'float32')),
        peer('transformers', all, ['none'], 60),
        program(INDEXING, {
          name: 'indexing',
          args: ['--documents', quick ? '16' : '2048', '--config', quick ? 'tiny' : 'small', '--source', textsFolder()],
          environment: compiler,
          seconds: limit(60),
          facts: { what: 'indexing' },
        }),
        ...(quick ? (['float32'] as const) : (['bf16', 'float32'] as const)).map((dtype) => ours(shapes.default, dtype)),
      ],
    },
    {
      name: 'findings',
      together: !quick,
      seconds: SHARES.found * seconds,
      parts: [
        {
          ...program(TESTS, {
            name: 'suites',
            args: [quick ? QUICK_SUITES : SUITES],
            seconds: limit(140),
            facts: { what: 'suites' },
          }),
          environment: { ...compiler, CEM_BACKEND: 'xla' },
          isTests: true,
        },
        training('xla', 'float32'),
        training('wasm', 'float32'),
        training('xla', 'bf16'),
      ],
    },
    {
      name: 'compiled peers',
      together: false,
      seconds: SHARES.more * seconds,
      parts: [
        ...(quick
          ? [peer('plain', [shapes.default], ['aot-eager'], 90)]
          : [
              ...all.map((shape) => peer('plain', [shape], ['default', 'reduce-overhead'], 90)),
              ...shapes.base.map((shape) => peer('transformers', [shape], ['default'], 90)),
            ]),
      ],
    },
  ];
}

function stepCounts(quick: boolean): string[] {
  return quick ? ['--steps', '2', '--warmup', '1'] : ['--steps', '30', '--warmup', '5'];
}

/** A program of ours, run by this Node. */
function program(path: string, part: Omit<Part, 'command'>): Part {
  return { ...part, command: process.execPath, args: ['--import', import.meta.resolve('tsx'), path, ...part.args] };
}
