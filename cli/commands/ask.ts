import type { Listener } from '../../base/index.ts';
import type { Answer, AnswerLanguage } from '../../rag/index.ts';
import { openAnswerer, searchUnits } from '../../recipes/index.ts';
import { defineCommand, type GlobalOptions } from '../command.ts';
import { type AnswerOptions, answerOptions, readerChoice } from '../options/answer-options.ts';
import { parseFilterOption } from '../options/filter-option.ts';
import { openPlace } from '../options/open-place.ts';
import { withPreset } from '../options/preset-option.ts';
import { withStopSignal } from '../process/stop-signal.ts';
import { formatAnswer, type PrintedAnswer, printablePiece, printedAnswer } from '../text/answer-text.ts';

interface AskOptions extends AnswerOptions {
  readonly question: string;
  readonly language?: AnswerLanguage | undefined;
}

/** An answer, and whether a terminal has seen its text already. */
interface AskResult extends PrintedAnswer {
  readonly streamed?: true;
}

/** Answers one question from a collection or an index. */
export const askCommand = defineCommand<AskOptions, AskResult>({
  command: 'ask <question>',
  describe: 'answer a question from a collection or an index, with citations',
  examples: [
    ['ask --collection docs.collection "how do I resume a run?"', 'with the sentences that fit best; no model, no network'],
    [
      'ask --collection docs.collection --llm http://127.0.0.1:8000/v1 --llm-model qwen "why are chunks kept compressed?"',
      'a chat model answers',
    ],
    ['ask --collection laws.collection --local-model SmolLM2.gguf --form text "何时可以解除合同？"', 'a model in this process'],
    [
      'ask --collection docs.collection --llm-model gpt --agent "which parts need a GPU, and since when?"',
      'and searches again for what is missing',
    ],
    ['ask --collection reports.collection --preset finance "What was revenue in Q3 2022?"', 'as it is set up for reports'],
    ['ask --collection docs.collection --json "how are passages cut?"', 'answer, citations, confidence as JSON'],
  ],
  options: (parser) =>
    withPreset(
      parser.positional('question', { type: 'string', demandOption: true, describe: 'in English or Chinese' }),
      'answer',
      Object.keys(answerOptions),
    )
      .options(answerOptions)
      .option('language', { choices: ['en', 'zh'] as const, describe: "of the answer; the question's unless given" }),
  run: (options, listener) => withStopSignal((signal) => ask(options, listener, signal)),
  text: ({ streamed, ...answer }) => formatAnswer(answer, { isShown: streamed === true }),
  texts: ['answer', 'text'],
  // Whoever writes documents names its fields.
  dataKeys: ['citations.*.fields'],
});

async function ask(
  { question, language, filter: filterText, ...options }: AskOptions & GlobalOptions,
  listener: Listener,
  signal: AbortSignal,
): Promise<AskResult> {
  const filter = parseFilterOption(filterText);
  // Codes are read for one query as fast as they are searched in the database.
  await using searcher = await openPlace(options, listener, { codesMemory: 0 });
  await using answerer = await openAnswerer({ ...readerChoice(options), search: searchUnits(searcher), listener });
  const request = { question, language, filter, signal };
  if (options.json || !process.stdout.isTTY) return printedAnswer(await answerer.answer(request));
  let answer: Answer | undefined;
  for await (const event of answerer.stream(request)) {
    if (event.type === 'delta') process.stdout.write(printablePiece(event.text));
    else if (event.type === 'done') answer = event.answer;
  }
  process.stdout.write('\n\n');
  return { ...printedAnswer(answer!), streamed: true };
}
