/** The program of a process that parses: one file after another, each answered with its documents or its error. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { STOP_SIGNALS } from '../../base/index.ts';
import type { Parser, ParserTools } from '../parse/index.ts';
import { withPictureTexts } from '../parse/scan/index.ts';
import type { TextRecogniser } from '../recognition/index.ts';
import { assertOutput } from './limits.ts';
import {
  errorMessage,
  type ParseAnswer,
  type ParseRequest,
  type RecognitionSettings,
  type WorkerSettings,
} from './parse-messages.ts';

/** A thread beside a parser that does not come back looks every second whether who started this process is still there. */
const WATCH = `
  const parent = process.ppid;
  setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 1000);
  require('node:worker_threads').parentPort.postMessage('watching');
`;

const { parsers, limits, recognition } = JSON.parse(process.argv[2]!) as WorkerSettings;
process.on('disconnect', () => process.exit());
// A terminal gives Ctrl-C to every process; who started this one decides what it means.
for (const signal of STOP_SIGNALS) process.on(signal, () => {});
const watch = new Worker(WATCH, { eval: true, execArgv: [] });
// Some versions of Node need this thread for the start of another.
await once(watch, 'message');
watch.unref();
const { PARSERS } = (await import(parsers)) as { readonly PARSERS: readonly Parser[] };

/** Texts in pictures are read by what is loaded with the first picture. */
let recogniser: Promise<TextRecogniser> | undefined;

const tools: ParserTools = recognition
  ? {
      async recognise(picture) {
        recogniser ??= loadRecogniser(recognition);
        return (await recogniser).recognise(picture);
      },
    }
  : {};

async function loadRecogniser({ folder, threads }: RecognitionSettings): Promise<TextRecogniser> {
  const { TextRecogniser: Recogniser } = await import('../recognition/index.ts');
  return Recogniser.create(folder, { threads, onRun: () => tell('recognised') });
}

/** A parser that does not come back would keep what is not sent yet. */
function tell(answer: ParseAnswer): Promise<unknown> {
  return new Promise((sent) => process.send?.(answer, sent));
}

async function answerTo({ format, path, bytes }: ParseRequest): Promise<ParseAnswer> {
  try {
    const parser = PARSERS.find((candidate) => candidate.format === format);
    assert(parser !== undefined, `no parser of ${format}`);
    await parser.load?.();
    await tell('begun');
    const parsed = await parser.parse({ path, bytes }, tools);
    const { recognise } = tools;
    const documents =
      recognise && parser.pictures ? await withPictureTexts(parsed, recognise, parser.format === 'image') : parsed;
    assertOutput(path, documents, limits);
    return { documents };
  } catch (error) {
    return { error: errorMessage(error) };
  }
}

process.on('message', (request: ParseRequest) => {
  void answerTo(request).then((answer) => process.send?.(answer));
});
process.send?.('ready' satisfies ParseAnswer);
