/**
 * `npm run fuzz -- zpkg|metadata`: gives the readers of zpkg containers and zstd frames, or of metadata files, inputs that were changed in every way, and looks for wrong
 * bytes, errors that are not ours, crashes, hangs, and allocations over the declared limit. What it finds can be had again by its seed and number.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CemError, UsageError } from '../base/errors.ts';
import { makeMetadataCase } from './fuzz/metadata-cases.ts';
import { makeMetadataSamples } from './fuzz/metadata-samples.ts';
import { type FuzzFinding, runFuzz } from './fuzz/supervise.ts';
import { makeZpkgCase } from './fuzz/zpkg-cases.ts';
import { makeZpkgSamples } from './fuzz/zpkg-samples.ts';

const USAGE = `npm run fuzz -- zpkg|metadata [--count N] [--seed S] [--first N] [--save FOLDER]

  --count N      cases to run (20000)
  --seed S       seed of the cases (1): the same seed and number give the same input on every machine
  --first N      number of the first case (0), to run a finding again: --first NUMBER --count 1
  --save FOLDER  where inputs of findings are kept (.cache/fuzz)
`;

function say(line: string): void {
  process.stdout.write(`fuzz: ${line}\n`);
}

function wholeNumber(name: string, value: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new UsageError('USAGE', `--${name} ${value} is not a whole number from 0 on\n${USAGE}`);
}

/** An input of a finding, to be written to a file. */
interface SavedInput {
  readonly ending: string;
  readonly bytes: Uint8Array;
  readonly dictionary?: Uint8Array;
}

/** What can be fuzzed: the program that runs the cases, and how an input is had again. */
const TARGETS = {
  zpkg: {
    program: 'run-cases.ts',
    inputs: async (seed: number): Promise<(number: number) => SavedInput> => {
      const samples = await makeZpkgSamples();
      return (number) => {
        const input = makeZpkgCase(samples, seed, number);
        const { bytes } = input;
        return input.kind === 'frame' ? { ending: 'zst', bytes, dictionary: input.dictionary } : { ending: 'zpkg', bytes };
      };
    },
  },
  metadata: {
    program: 'run-metadata-cases.ts',
    inputs: async (seed: number): Promise<(number: number) => SavedInput> => {
      const samples = makeMetadataSamples();
      return (number) => {
        const { bytes, sample } = makeMetadataCase(samples, seed, number);
        return { ending: 'meta', bytes, dictionary: sample.dictionary };
      };
    },
  },
};

type Target = keyof typeof TARGETS;

async function save(target: Target, folder: string, seed: number, findings: readonly FuzzFinding[]): Promise<void> {
  const inputOf = await TARGETS[target].inputs(seed);
  await mkdir(folder, { recursive: true });
  for (const { number, finding } of findings) {
    const { ending, bytes, dictionary } = inputOf(number);
    const path = join(folder, `${target}-${seed}-${number}.${ending}`);
    await writeFile(path, bytes);
    if (dictionary !== undefined) await writeFile(`${path}.dictionary`, dictionary);
    say(`case ${number} of seed ${seed}: ${finding}; the input is ${path}`);
  }
}

function parse(): { target: Target; seed: number; first: number; count: number; folder: string } | null {
  const options = {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    save: { type: 'string', default: '.cache/fuzz' },
    help: { type: 'boolean', default: false },
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new UsageError('USAGE', `${(error as Error).message}\n${USAGE}`);
  }
  const { values, positionals } = parsed;
  if (values.help) return null;
  const [target] = positionals;
  if (positionals.length !== 1 || (target !== 'zpkg' && target !== 'metadata'))
    throw new UsageError('USAGE', `what to fuzz is \`zpkg\` or \`metadata\`, got \`${positionals.join(' ')}\`\n${USAGE}`);
  return {
    target,
    seed: wholeNumber('seed', values.seed),
    first: wholeNumber('first', values.first),
    count: wholeNumber('count', values.count),
    folder: values.save,
  };
}

async function main(): Promise<void> {
  const asked = parse();
  if (asked === null) {
    process.stdout.write(USAGE);
    return;
  }
  const { target, seed, first, count, folder } = asked;
  let shown = performance.now();
  const { seconds, counts, findings } = await runFuzz({
    seed,
    first,
    count,
    program: fileURLToPath(new URL(`./fuzz/${TARGETS[target].program}`, import.meta.url)),
    onFinding: ({ number, finding }) => say(`case ${number}: ${finding}`),
    onProgress: (done, total) => {
      if (performance.now() - shown < 10_000) return;
      shown = performance.now();
      say(`${done}/${total}`);
    },
  });
  say(
    `${count} cases of seed ${seed} in ${seconds.toFixed(1)} s (${(count / seconds).toFixed(0)}/s): ${counts.refused} refused, ${counts.accepted} accepted with the right values` +
      (target === 'zpkg'
        ? `, ${counts.parserOnly} that the parser alone takes, ${counts.programOnly} that zstd alone takes`
        : ''),
  );
  say(`${findings.length} findings`);
  if (findings.length === 0) return;
  await save(target, folder, seed, findings);
  process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof CemError)) throw error;
  process.stderr.write(`fuzz: ${error.message} [${error.code}]\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
