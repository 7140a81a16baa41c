import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Answer, AnswerRequest, AnswerService } from '../collection-service.ts';
import { countAnswer } from '../routes/index.ts';
import { EVENT_STREAM, type Route, type StreamForm, sendStream } from '../routing/index.ts';
import { wireCitation } from '../schemas/index.ts';
import { annotationsOf, type UrlCitation } from './annotations.ts';
import { chatRequest, conversationOf } from './chat-request.ts';
import { collectionNamed } from './models.ts';
import { openAiError, openAiErrorSchema } from './openai-errors.ts';
import { type OpenAiServices, unitUrl } from './openai-services.ts';

const BODY_LIMIT_BYTES = 1024 * 1024;

const usage = z.object({ prompt_tokens: z.int(), completion_tokens: z.int(), total_tokens: z.int() });
const annotation = z.object({
  type: z.literal('url_citation'),
  url_citation: z.object({
    start_index: z.int().describe('Characters (code points) of the answer before the mark `[n]`.'),
    end_index: z.int(),
    url: z.string().describe('Where the cited unit can be read: `GET /v1/collections/{name}/units/{id}`.'),
    title: z.string(),
  }),
});
/** What this server adds to OpenAI's completion. */
const extension = {
  answered: z.boolean().describe('False where the documents do not say. An extension of this server.'),
  confidence: z.number().describe('0 to 1. An extension of this server.'),
  citations: z.array(z.looseObject({})).describe('As `POST /v1/answers` has them. An extension of this server.'),
};

const completion = z.object({
  id: z.string(),
  object: z.literal('chat.completion'),
  created: z.int(),
  model: z.string(),
  choices: z.array(
    z.object({
      index: z.int(),
      message: z.object({
        role: z.literal('assistant'),
        content: z.string(),
        refusal: z.null(),
        annotations: z.array(annotation),
      }),
      logprobs: z.null(),
      finish_reason: z.literal('stop'),
    }),
  ),
  usage: usage.describe('Of the language model; 0 where none is asked.'),
  ...extension,
});

const chunk = z.looseObject({
  id: z.string(),
  object: z.literal('chat.completion.chunk'),
  created: z.int(),
  model: z.string(),
  choices: z.array(z.looseObject({ index: z.int(), delta: z.looseObject({}), finish_reason: z.literal('stop').nullable() })),
  usage: usage.nullish(),
});

/** What all chunks of a completion, or the one completion, begin with. */
interface Head {
  readonly id: string;
  readonly created: number;
  readonly model: string;
}

/** Says what of an answer rests on which units. */
type Annotate = (text: string, answer: Answer) => UrlCitation[];

/** `POST /v1/chat/completions` */
export function chatCompletionsRoute(services: OpenAiServices): Route<z.ZodType, z.ZodType, typeof chatRequest> {
  return {
    method: 'POST',
    path: '/v1/chat/completions',
    scope: 'read',
    tag: 'openai',
    failure: openAiErrorSchema,
    summary: 'An answer from a collection, in the shape of OpenAI',
    description:
      'The collection is named as the model. The marks `[1]` in the answer are its `annotations`, each with the URL of the unit that it cites; in a stream they come in the chunk that ends the answer.',
    body: chatRequest,
    bodyLimit: BODY_LIMIT_BYTES,
    answers: { 200: { description: 'The answer, or its chunks', schema: completion, content: { [EVENT_STREAM]: chunk } } },
    handler: async ({ body, principal, signal, request, reply }) => {
      const collection = await collectionNamed(services, body.model);
      const { k, filter } = body;
      const asked: AnswerRequest = { ...conversationOf(body.messages), k, filter, signal };
      const answerer = services.answerFor(collection, principal);
      const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: body.model };
      const annotate: Annotate = (text, { citations }) =>
        annotationsOf(text, citations, (unit) => unitUrl(request, collection.name, unit));
      if (body.stream === true) {
        const includeUsage = body.stream_options?.include_usage === true;
        return sendStream(reply, chunksOf(services, answerer, asked, signal, { head, annotate, includeUsage }), CHUNKS);
      }
      const answer = await services.answers.run(() => answerer.answer(asked), signal);
      countAnswer(services, answer);
      return completionOf(head, answer, annotate);
    },
  };
}

function completionOf(head: Head, answer: Answer, annotate: Annotate): z.infer<typeof completion> {
  const message = {
    role: 'assistant' as const,
    content: answer.answer,
    refusal: null,
    annotations: annotate(answer.answer, answer),
  };
  return {
    ...head,
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage: usageOf(answer),
    ...extensionOf(answer),
  };
}

const dataOf = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;

/** As OpenAI streams: events without names, and a word at the end, which does not come after a failure. */
const CHUNKS: StreamForm<z.infer<typeof chunk>> = {
  text: dataOf,
  failure: (error) => {
    const { status, body } = openAiError(error);
    return { status, text: dataOf(body) };
  },
  end: 'data: [DONE]\n\n',
};

interface ChunkOptions {
  readonly head: Head;
  readonly annotate: Annotate;
  readonly includeUsage: boolean;
}

/** An answer as it is written, as the chunks that OpenAI's clients put together again. */
async function* chunksOf(
  services: OpenAiServices,
  answerer: AnswerService,
  asked: AnswerRequest,
  signal: AbortSignal,
  { head, annotate, includeUsage }: ChunkOptions,
): AsyncGenerator<z.infer<typeof chunk>> {
  const chunkOf = (delta: Record<string, unknown>, more: object = {}, finished = false): z.infer<typeof chunk> => ({
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finished ? 'stop' : null }],
    ...(includeUsage && { usage: null }),
    ...more,
  });
  const leave = await services.answers.enter(signal);
  try {
    let said = '';
    let begun = false;
    for await (const event of answerer.stream(asked)) {
      if (!begun) yield chunkOf({ role: 'assistant', content: '', refusal: null });
      begun = true;
      if (event.type === 'delta') {
        said += event.text;
        yield chunkOf({ content: event.text });
      } else if (event.type === 'done') {
        const { answer } = event;
        countAnswer(services, answer);
        yield chunkOf({ annotations: annotate(said, answer) }, extensionOf(answer), true);
        if (includeUsage) yield { ...head, object: 'chat.completion.chunk', choices: [], usage: usageOf(answer) };
      }
    }
  } finally {
    leave();
  }
}

function extensionOf({
  answered,
  confidence,
  citations,
}: Answer): Pick<z.infer<typeof completion>, 'answered' | 'confidence' | 'citations'> {
  return { answered, confidence, citations: citations.map((citation) => ({ ...wireCitation(citation) })) };
}

function usageOf({ usage: counted }: Answer): z.infer<typeof usage> {
  const { promptTokens = 0, completionTokens = 0 } = counted ?? {};
  return { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens };
}
