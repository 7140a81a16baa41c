import { createInterface } from 'node:readline/promises';
import { type Listener, messageOf, printableLine } from '../../base/index.ts';
import type { Answer, ChatMessage } from '../../rag/index.ts';
import { type OpenedAnswerer, openAnswerer, searchUnits } from '../../recipes/index.ts';
import { defineCommand, type GlobalOptions } from '../command.ts';
import { type AnswerOptions, answerOptions, readerChoice } from '../options/answer-options.ts';
import { parseFilterOption } from '../options/filter-option.ts';
import { openPlace } from '../options/open-place.ts';
import { withPreset } from '../options/preset-option.ts';
import { formatAnswer, type PrintedAnswer, printablePiece, printedAnswer } from '../text/answer-text.ts';

/** What was asked and answered. */
interface Conversation {
  readonly turns: readonly ({ readonly asked: string } & PrintedAnswer)[];
}

/** Words that end a conversation, as its end of input does. */
const ENDS = ['exit', 'quit', '退出'];
/** Megabytes of codes in memory: a conversation searches often. */
const CODES_MEMORY = 512e6;

/** Answers questions one after the other, each in the light of those before it. */
export const chatCommand = defineCommand<AnswerOptions, Conversation>({
  command: 'chat',
  describe: 'ask one question after the other, follow-up questions too; `exit` ends it',
  examples: [
    ['chat --collection docs.collection', 'with the sentences that fit best; no model, no network'],
    [
      'chat --collection docs.collection --llm http://127.0.0.1:8000/v1 --llm-model qwen',
      'a chat model answers, and rewrites follow-up questions',
    ],
  ],
  options: (parser) => withPreset(parser, 'answer', Object.keys(answerOptions)).options(answerOptions),
  run: converse,
  text: () => '',
  dataKeys: ['turns.*.citations.*.fields'],
});

async function converse(options: AnswerOptions & GlobalOptions, listener: Listener): Promise<Conversation> {
  const filter = parseFilterOption(options.filter);
  await using searcher = await openPlace(options, listener, { codesMemory: CODES_MEMORY });
  await using answerer = await openAnswerer({ ...readerChoice(options), search: searchUnits(searcher), listener });
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true && !options.json;
  const lines = createInterface({ input: process.stdin, ...(isTerminal && { output: process.stdout }), terminal: isTerminal });
  const history: ChatMessage[] = [];
  const turns: Conversation['turns'][number][] = [];
  let stop: AbortController | undefined;
  // The first Ctrl-C ends an answer; where none comes, the conversation.
  lines.on('SIGINT', () => (stop === undefined ? lines.close() : stop.abort()));
  if (isTerminal) process.stdout.write('Ask a question; exit ends.\n');
  lines.setPrompt('> ');
  if (isTerminal) lines.prompt();
  for await (const line of lines) {
    const question = line.trim();
    if (ENDS.includes(question.toLowerCase())) break;
    if (question !== '') {
      stop = new AbortController();
      try {
        const request = { question, history, filter, signal: stop.signal };
        const answer = await answered(answerer, request, options.json);
        history.push(
          { role: 'user', content: question },
          { role: 'assistant', content: answer.answer.replace(/\s*\[\d+\]/g, '') },
        );
        turns.push({ asked: question, ...printedAnswer(answer) });
      } catch (error) {
        // A question that fails ends no conversation of people; elsewhere it is a failure.
        if (!isTerminal) throw error;
        process.stdout.write(stop.signal.aborted ? '\n(stopped)\n' : `\n${printableLine(messageOf(error))}\n`);
      }
      stop = undefined;
    }
    if (isTerminal) lines.prompt();
  }
  lines.close();
  return { turns };
}

/** Shows an answer as it comes, and what it cites. */
async function answered(
  answerer: OpenedAnswerer,
  request: Parameters<OpenedAnswerer['stream']>[0],
  isQuiet: boolean,
): Promise<Answer> {
  let answer: Answer | undefined;
  for await (const event of answerer.stream(request)) {
    if (event.type === 'done') answer = event.answer;
    else if (event.type === 'delta' && !isQuiet) process.stdout.write(printablePiece(event.text));
  }
  if (!isQuiet) process.stdout.write(`\n\n${printablePiece(formatAnswer(printedAnswer(answer!), { isShown: true }))}\n\n`);
  return answer!;
}
