import { z } from 'zod';
import type { ChatMessage } from '../../rag/index.ts';
import { MAXIMUM_QUERY_LENGTH } from '../../rag/index.ts';
import { filterSchema } from '../../search/index.ts';
import { HttpError } from '../errors.ts';

const MAXIMUM_MESSAGES = 200;
/** Results that an answer may read, at most. */
const MAXIMUM_SOURCES = 50;

const part = z.looseObject({ type: z.string(), text: z.string().optional() });
const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z.union([z.string(), z.array(part), z.null()], 'must be a text, or a list of parts of the type text').optional(),
});

/** Body of `POST /v1/chat/completions`. */
export const chatRequest = z
  .looseObject({
    model: z
      .string()
      .min(1)
      .max(200)
      .meta({ description: 'Name of the collection that is asked.', examples: ['docs'] }),
    messages: z
      .array(message)
      .min(1)
      .max(MAXIMUM_MESSAGES)
      .meta({
        description:
          "The last of the user is the question, those of user and assistant before it are the conversation. Instructions (system, developer) are passed over: the prompt is the server's own.",
        examples: [[{ role: 'user', content: 'When is the lantern lit?' }]],
      }),
    stream: z.boolean().nullish().describe('Whether the answer comes in chunks, as server-sent events.'),
    stream_options: z
      .looseObject({ include_usage: z.boolean().optional() })
      .nullish()
      .describe('`include_usage`: whether a last chunk says how many tokens there were.'),
    n: z.literal(1, 'there is one answer: leave it out').nullish(),
    response_format: z.looseObject({ type: z.literal('text', 'answers are text: POST /v1/answers gives JSON') }).nullish(),
    k: z
      .int()
      .min(1)
      .max(MAXIMUM_SOURCES)
      .optional()
      .describe('Units that are read for the answer. An extension of this server.'),
    filter: filterSchema.optional().describe('Which units may be read, as in POST /v1/search. An extension of this server.'),
  })
  .describe('Keys that are not listed (temperature, max_tokens, tools, …) are passed over.');

export type ChatRequest = z.infer<typeof chatRequest>;

/** A question, and what was said before it. */
export interface Conversation {
  readonly question: string;
  readonly history: ChatMessage[];
}

/**
 * The question of a request for a completion, and the turns before it.
 *
 * @throws HttpError 400 `CHAT_MESSAGES` where there is no question, or it is no text
 */
export function conversationOf(messages: ChatRequest['messages']): Conversation {
  const last = messages.findLastIndex(({ role }) => role === 'user');
  if (last === -1) throw refused('messages: there is none of the user, whose last one is the question');
  const question = textOf(messages[last]!, last);
  if (question.trim() === '') throw refused(`messages.${last}: the question is empty`);
  if (question.length > MAXIMUM_QUERY_LENGTH)
    throw refused(`messages.${last}: a question has ${MAXIMUM_QUERY_LENGTH} characters at most, this one ${question.length}`);
  const history = messages.slice(0, last).flatMap((turn, index): ChatMessage[] => {
    const { role } = turn;
    if (role !== 'user' && role !== 'assistant') return [];
    const content = textOf(turn, index);
    return content.trim() === '' ? [] : [{ role, content }];
  });
  return { question, history };
}

function textOf({ content }: ChatRequest['messages'][number], index: number): string {
  if (content === null || content === undefined) return '';
  if (typeof content === 'string') return content;
  const other = content.find(({ type, text }) => type !== 'text' || text === undefined);
  if (other !== undefined)
    throw refused(`messages.${index}: a part of the type ${JSON.stringify(other.type)} is not read here; send text`);
  return content.map(({ text }) => text).join('\n');
}

const refused = (message: string): HttpError => new HttpError(400, message, { code: 'CHAT_MESSAGES' });
