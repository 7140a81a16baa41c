import { createInterface } from 'node:readline/promises';
import { type AdviseOptions, type AdviseResult, advise } from '../../recipes/advise/index.ts';
import { defineCommand, type GlobalOptions } from '../command.ts';
import { withStopSignal } from '../process/stop-signal.ts';
import { formatAdvice } from '../text/advice-text.ts';

/** Which configuration follows, and why. */
export const adviseCommand = defineCommand<AdviseOptions, AdviseResult>({
  command: 'advise [folder]',
  describe: 'say which configuration follows from a folder, or from figures, and why: units, encoder, store, reader, preset',
  examples: [
    ['advise docs/', 'its files are measured: length, language, pictures, dates'],
    ['advise docs/ --latency 50 --memory 1 --budget local', 'for a search within 50 ms, codes of 1 GiB, a model on this machine'],
    ['advise --documents 200000 --tokens 3000 --language zh', 'for files that are not here yet'],
    ['advise', 'asks, at a terminal'],
  ],
  options: (parser) =>
    parser
      .positional('folder', { type: 'string', describe: 'with the documents' })
      .option('documents', { type: 'number', describe: 'how many there are (as measured)' })
      .option('tokens', { type: 'number', describe: 'of a document, in the mean (as measured)' })
      .option('language', { type: 'string', describe: 'as en or zh (as measured)' })
      .option('cross-document', { type: 'boolean', default: false, describe: 'answers need several documents together' })
      .option('changing', { type: 'boolean', default: false, describe: 'documents come and go all the time' })
      .option('latency', { type: 'number', describe: 'milliseconds that a search may take (200)' })
      .option('memory', { type: 'number', describe: 'GiB that codes may take (4)' })
      .option('budget', {
        choices: ['none', 'local', 'endpoint'] as const,
        describe: 'for answers: none, a model on this machine, or an endpoint (none)',
      }),
  run: (options) => withStopSignal(async (signal) => advise({ ...(await completed(options)), signal })),
  text: formatAdvice,
});

/** What is missing is asked for, where somebody sits at the terminal. */
async function completed(options: AdviseOptions & GlobalOptions): Promise<AdviseOptions> {
  const isAlone = options.json || !process.stdin.isTTY || !process.stderr.isTTY;
  if (isAlone || options.folder !== undefined) return options;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const ask = async (question: string): Promise<string> => (await terminal.question(`${question}: `)).trim();
    return {
      ...options,
      documents: options.documents ?? Number(await ask('How many documents')),
      tokens: options.tokens ?? Number(await ask('Tokens of a document, in the mean')),
      language: options.language ?? ((await ask('Language, as en or zh')) || 'und'),
    };
  } finally {
    terminal.close();
  }
}
