/**
 * `npm run bench -- NAME`: measures a part against a named peer, says whether the bars are met, and with `--write` puts the figures into bench/RESULTS.md.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import yargs, { type Argv } from 'yargs';
import { hideBin } from 'yargs/helpers';
import { CemError, UsageError } from '../base/index.ts';
import type { Bench } from './bench.ts';
import { analyzersBench } from './cases/analyzers.ts';
import { indexBench } from './cases/build-index.ts';
import { codesBench } from './cases/codes.ts';
import { evalBench } from './cases/eval.ts';
import { groupsBench } from './cases/groups.ts';
import { hashBench } from './cases/hash.ts';
import { ingestBench } from './cases/ingest.ts';
import { lengthBench } from './cases/length.ts';
import { lexicalBench } from './cases/lexical.ts';
import { memoryBench } from './cases/memory.ts';
import { pictureLayersBench } from './cases/picture-layers.ts';
import { serveBench } from './cases/serve.ts';
import { synonymsBench } from './cases/synonyms.ts';
import { tablesBench } from './cases/tables.ts';
import { tiersBench } from './cases/tiers.ts';
import { trainBench } from './cases/train.ts';
import { vectorSearchBench } from './cases/vector-search.ts';
import { zpkgBench } from './cases/zpkg.ts';
import { formatReport, passes, replaceSection } from './measurement.ts';

const RESULTS = fileURLToPath(new URL('./RESULTS.md', import.meta.url));

function say(line: string): void {
  process.stderr.write(`bench: ${line}\n`);
}

function register<Options extends object>(parser: Argv, bench: Bench<Options>): void {
  parser.command({
    command: bench.name,
    describe: bench.describe,
    builder: (command) => bench.options(command),
    handler: async ({ write, ...options }) => {
      const report = await bench.run(options as unknown as Options, say);
      const section = formatReport(report);
      process.stdout.write(section);
      if (write === true) await writeFile(RESULTS, replaceSection(await readFile(RESULTS, 'utf8'), report.bench, section));
      if (report.measurements.some((measurement) => passes(measurement) === false)) process.exitCode = 1;
    },
  });
}

const parser = yargs(hideBin(process.argv))
  .scriptName('npm run bench --')
  .option('write', { type: 'boolean', default: false, describe: 'put the figures into bench/RESULTS.md' })
  .demandCommand(1, 'say what to measure')
  .strict()
  .exitProcess(false)
  .fail((message, error) => {
    if (error instanceof CemError) throw error;
    throw new UsageError('USAGE', `${error?.message ?? message}; \`npm run bench -- --help\` says what there is`, {
      cause: error,
    });
  });
register(parser, zpkgBench);
register(parser, trainBench);
register(parser, indexBench);
register(parser, evalBench);
register(parser, hashBench);
register(parser, ingestBench);
register(parser, serveBench);
register(parser, tablesBench);
register(parser, lengthBench);
register(parser, codesBench);
register(parser, vectorSearchBench);
register(parser, analyzersBench);
register(parser, lexicalBench);
register(parser, memoryBench);
register(parser, groupsBench);
register(parser, pictureLayersBench);
register(parser, synonymsBench);
register(parser, tiersBench);

try {
  await parser.parseAsync();
} catch (error) {
  if (!(error instanceof CemError)) throw error;
  process.stderr.write(`bench: ${error.message} [${error.code}]\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
