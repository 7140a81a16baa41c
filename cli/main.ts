#!/usr/bin/env node
import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';
import { CemError, UsageError } from '../base/errors.ts';
import { addCommand } from './add.ts';
import { benchCommand } from './bench.ts';
import { catCommand } from './cat.ts';
import { compactCommand } from './compact.ts';
import { compareCommand } from './compare.ts';
import { dashboardCommand } from './dashboard.ts';
import { demoCommand } from './demo.ts';
import { doctorCommand } from './doctor.ts';
import { encodeCommand } from './encode.ts';
import { evalCommand } from './eval.ts';
import { exportCommand } from './export.ts';
import { fetchDataCommand } from './fetch-data.ts';
import { indexCommand } from './index.ts';
import { inspectCommand } from './inspect.ts';
import { longEmbedCommand } from './long-embed.ts';
import { metricsCommand } from './metrics.ts';
import { packCommand } from './pack.ts';
import { parityCommand } from './parity.ts';
import { removeCommand } from './remove.ts';
import { reportCommand } from './report.ts';
import { runsCommand } from './runs.ts';
import { searchCommand } from './search.ts';
import { serveCommand } from './serve.ts';
import { teacherCommand } from './teacher.ts';
import { trainCommand } from './train.ts';
import { verifyCommand } from './verify.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** Prints what went wrong in one line (with the cause where it says more) and gives the exit code for it. */
function report(error: unknown): number {
  if (error instanceof CemError) {
    process.stderr.write(`cem: ${error.message} [${error.code}]\n`);
    return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
  }
  process.stderr.write(`cem: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT_FAILED;
}

async function main(argv: readonly string[]): Promise<number> {
  const parser = yargs(argv as string[])
    .scriptName('cem')
    .usage('$0 <command> [options]\n\nTrain an embedding model on compressed bytes, and search compressed documents with it.')
    .option('json', { type: 'boolean', default: false, describe: 'print one JSON document on standard output' })
    .option('backend', {
      type: 'string',
      default: process.env['CEM_BACKEND'] ?? 'auto',
      choices: ['auto', 'tensorflow', 'webgpu', 'wasm', 'cpu'],
      describe: 'what computes (or CEM_BACKEND)',
    })
    .command(packCommand)
    .command(addCommand)
    .command(removeCommand)
    .command(compactCommand)
    .command(inspectCommand)
    .command(catCommand)
    .command(verifyCommand)
    .command(trainCommand)
    .command(teacherCommand)
    .command(runsCommand)
    .command(benchCommand)
    .command(dashboardCommand)
    .command(evalCommand)
    .command(compareCommand)
    .command(reportCommand)
    .command(encodeCommand)
    .command(longEmbedCommand)
    .command(exportCommand)
    .command(indexCommand)
    .command(searchCommand)
    .command(serveCommand)
    .command(metricsCommand)
    .command(fetchDataCommand)
    .command(parityCommand)
    .command(doctorCommand)
    .command(demoCommand)
    .demandCommand(1, 'say which command')
    .strict()
    .recommendCommands()
    .wrap(Math.min(120, process.stdout.columns ?? 120))
    .exitProcess(false)
    .fail((message, error) => {
      if (error) throw error;
      const what = message.startsWith('Did you mean') ? `unknown command, ${message.toLowerCase()}` : message;
      throw new UsageError('USAGE', `${what} - \`cem --help\` and \`cem COMMAND --help\` say what there is`);
    });
  try {
    await parser.parseAsync();
    return 0;
  } catch (error) {
    return report(error);
  }
}

process.exitCode = await main(hideBin(process.argv));
