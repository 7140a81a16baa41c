/**
 * `npm run fuzz -- zpkg`: gives the readers of zpkg containers and zstd frames inputs that were changed in every way, and looks for wrong bytes, errors that
 * are not ours, crashes, hangs, and allocations over the declared limit. What it finds can be had again by its seed and number.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CemError, UsageError } from '../base/errors.ts';
import { type FuzzFinding, runFuzz } from './fuzz/supervise.ts';
import { makeZpkgCase } from './fuzz/zpkg-cases.ts';
import { makeZpkgSamples } from './fuzz/zpkg-samples.ts';

const USAGE = `npm run fuzz -- zpkg [--count N] [--seed S] [--first N] [--save FOLDER]

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

async function save(folder: string, seed: number, findings: readonly FuzzFinding[]): Promise<void> {
  const samples = await makeZpkgSamples();
  await mkdir(folder, { recursive: true });
  for (const { number, finding } of findings) {
    const input = makeZpkgCase(samples, seed, number);
    const path = join(folder, `zpkg-${seed}-${number}.${input.kind === 'frame' ? 'zst' : 'zpkg'}`);
    await writeFile(path, input.bytes);
    if (input.kind === 'frame') await writeFile(`${path}.dictionary`, input.dictionary);
    say(`case ${number} of seed ${seed}: ${finding}; the input is ${path}`);
  }
}

function parse(): { seed: number; first: number; count: number; folder: string } | null {
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
  if (positionals.length !== 1 || positionals[0] !== 'zpkg')
    throw new UsageError('USAGE', `what to fuzz is \`zpkg\`, got \`${positionals.join(' ')}\`\n${USAGE}`);
  return {
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
  const { seed, first, count, folder } = asked;
  let shown = performance.now();
  const { seconds, counts, findings } = await runFuzz({
    seed,
    first,
    count,
    onFinding: ({ number, finding }) => say(`case ${number}: ${finding}`),
    onProgress: (done, total) => {
      if (performance.now() - shown < 10_000) return;
      shown = performance.now();
      say(`${done}/${total}`);
    },
  });
  say(
    `${count} cases of seed ${seed} in ${seconds.toFixed(1)} s (${(count / seconds).toFixed(0)}/s): ${counts.refused} refused, ${counts.accepted} accepted with the right bytes, ` +
      `${counts.parserOnly} that the parser alone takes, ${counts.programOnly} that zstd alone takes`,
  );
  say(`${findings.length} findings`);
  if (findings.length === 0) return;
  await save(folder, seed, findings);
  process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof CemError)) throw error;
  process.stderr.write(`fuzz: ${error.message} [${error.code}]\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
