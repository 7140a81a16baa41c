/**
 * `npm run fuzz -- zpkg|metadata|parse`: gives the readers of zpkg containers and zstd frames, of metadata files, or the parsers of documents, inputs that were changed in every way, and looks for wrong
 * bytes, errors that are not ours, crashes, hangs, and allocations over the declared limit. What it finds can be had again by its seed and number.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CemError, UsageError } from '../base/errors.ts';
import { makeMetadataCase } from './fuzz/metadata-cases.ts';
import { makeMetadataSamples } from './fuzz/metadata-samples.ts';
import { makeParseCase } from './fuzz/parse-cases.ts';
import { fuzzParser } from './fuzz/parse-fuzz.ts';
import { PARSE_SAMPLES } from './fuzz/parse-samples.ts';
import { type FuzzFinding, runFuzz } from './fuzz/supervise.ts';
import { makeZpkgCase } from './fuzz/zpkg-cases.ts';
import { makeZpkgSamples } from './fuzz/zpkg-samples.ts';

const USAGE = `npm run fuzz -- zpkg|metadata|parse [--count N] [--seed S] [--first N] [--save FOLDER]

  --count N      cases to run (20000)
  --seed S       seed of the cases (1): the same seed and number give the same input on every machine
  --first N      number of the first case (0), to run a finding again: --first NUMBER --count 1
  --save FOLDER  where inputs of findings are kept (.cache/fuzz)
  --format F     of parse: one format, such as html; all unless given
  --seconds N    of parse: time that a file may take (5); more where the machine has much else to do, so that what waits does not count as hanging
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

interface Asked {
  readonly target: Target | 'parse';
  readonly seed: number;
  readonly first: number;
  readonly count: number;
  readonly folder: string;
  readonly format: string | undefined;
  readonly seconds: number | undefined;
}

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

function parse(): Asked | null {
  const options = {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    first: { type: 'string', default: '0' },
    save: { type: 'string', default: '.cache/fuzz' },
    format: { type: 'string' },
    seconds: { type: 'string' },
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
  if (positionals.length !== 1 || (target !== 'zpkg' && target !== 'metadata' && target !== 'parse'))
    throw new UsageError(
      'USAGE',
      `what to fuzz is \`zpkg\`, \`metadata\` or \`parse\`, got \`${positionals.join(' ')}\`\n${USAGE}`,
    );
  const { format } = values;
  if (values.seconds !== undefined && target !== 'parse')
    throw new UsageError('USAGE', `--seconds goes with \`parse\`\n${USAGE}`);
  if (format !== undefined && (target !== 'parse' || PARSE_SAMPLES[format] === undefined))
    throw new UsageError('USAGE', `--format is, with \`parse\`, one of ${Object.keys(PARSE_SAMPLES).join(', ')}\n${USAGE}`);
  return {
    target,
    format,
    seconds: values.seconds === undefined ? undefined : wholeNumber('seconds', values.seconds),
    seed: wholeNumber('seed', values.seed),
    first: wholeNumber('first', values.first),
    count: wholeNumber('count', values.count),
    folder: values.save,
  };
}

/** Files of every format, or of one. */
async function fuzzParsers({ seed, first, count, folder, format, seconds: most }: Asked): Promise<void> {
  for (const name of format === undefined ? Object.keys(PARSE_SAMPLES) : [format]) {
    let shown = performance.now();
    const { documents, errors, findings, seconds, longest, timeouts, memory, parserMemory } = await fuzzParser({
      format: name,
      seed,
      first,
      count,
      ...(most !== undefined && { seconds: most }),
      onProgress: (done, total) => {
        if (performance.now() - shown < 10_000) return;
        shown = performance.now();
        say(`${name} ${done}/${total}`);
      },
    });
    const refused = Object.entries(errors).map(([code, number]) => `${number} ${code}`);
    say(
      `${name}: ${count} files of seed ${seed} in ${seconds.toFixed(1)} s, the longest ${longest.toFixed(2)} s: ${documents} became documents, refused: ${refused.join(', ') || 'none'}; ${memory.toFixed(0)} MB at most${parserMemory === undefined ? '' : `, ${parserMemory.toFixed(0)} MB where it was parsed`}; ${findings.length} findings`,
    );
    if (timeouts.length > 0) say(`${name}: over the time were ${timeouts.join(', ')}`);
    if (findings.length === 0) continue;
    process.exitCode = 1;
    await mkdir(folder, { recursive: true });
    for (const { number, finding } of findings) {
      const path = join(folder, `parse-${name}-${seed}-${number}`);
      await writeFile(path, makeParseCase(PARSE_SAMPLES[name]!, seed, number).bytes);
      say(`file ${number} of seed ${seed}: ${finding}; it is ${path}`);
    }
  }
}

async function main(): Promise<void> {
  const asked = parse();
  if (asked === null) {
    process.stdout.write(USAGE);
    return;
  }
  const { target, seed, first, count, folder } = asked;
  if (target === 'parse') {
    await fuzzParsers(asked);
    return;
  }
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
