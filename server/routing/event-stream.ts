import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { answerTo } from '../errors.ts';

/** One server-sent event. */
export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

export const EVENT_STREAM = 'text/event-stream';

/** How often a line is sent that says nothing, so that nothing between us takes the connection for idle, in milliseconds. */
const KEEP_ALIVE_MS = 15_000;
const KEEP_ALIVE = ': still here\n\n';

/** An event as bytes of the stream: JSON has no line breaks of its own. */
export const eventText = ({ event, data }: ServerEvent): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** How a stream says what it has to say. */
export interface StreamForm<Item> {
  text(item: Item): string;
  /** What is said of a failure in the midst of it, the last thing. */
  failure(error: Error): { readonly status: number; readonly text: string };
  /** Said when all is said. */
  readonly end?: string;
}

const EVENTS: StreamForm<ServerEvent> = {
  text: eventText,
  failure: (error) => {
    const { status, body } = answerTo(error);
    return { status, text: eventText({ event: 'error', data: body }) };
  },
};

/**
 * Answers with server-sent events. What fails before the first is answered as any failure is; what fails later is an event `error` with the same body, the last one.
 */
export async function sendEvents(reply: FastifyReply, events: AsyncIterable<ServerEvent>): Promise<FastifyReply> {
  return sendStream(reply, events, EVENTS);
}

/** The same in another form of events. */
export async function sendStream<Item>(
  reply: FastifyReply,
  items: AsyncIterable<Item>,
  form: StreamForm<Item>,
): Promise<FastifyReply> {
  const iterator = items[Symbol.asyncIterator]();
  const first = await iterator.next();
  const stream = Readable.from(textOf(reply, first, iterator, form));
  return reply
    .type(`${EVENT_STREAM}; charset=utf-8`)
    .header('cache-control', 'no-cache, no-transform')
    .header('x-accel-buffering', 'no')
    .send(stream);
}

async function* textOf<Item>(
  reply: FastifyReply,
  first: IteratorResult<Item>,
  iterator: AsyncIterator<Item>,
  form: StreamForm<Item>,
): AsyncGenerator<string> {
  try {
    let next = first;
    while (!next.done) {
      yield form.text(next.value);
      const coming = iterator.next();
      // Awaited below: a failure while a line is sent is nobody's surprise.
      coming.catch(() => {});
      while ((await orPause(coming)) === PAUSED) yield KEEP_ALIVE;
      next = await coming;
    }
    if (form.end !== undefined) yield form.end;
  } catch (error) {
    const { status, text } = form.failure(error as Error);
    if (status >= 500) reply.log.error(error);
    yield text;
  } finally {
    await iterator.return?.();
  }
}

const PAUSED = Symbol('paused');

/** What comes, or word that nothing has come for a while. */
async function orPause<Coming>(coming: Promise<Coming>): Promise<Coming | typeof PAUSED> {
  let timer: NodeJS.Timeout | undefined;
  const paused = new Promise<typeof PAUSED>((resolve) => {
    timer = setTimeout(resolve, KEEP_ALIVE_MS, PAUSED);
  });
  try {
    return await Promise.race([coming, paused]);
  } finally {
    clearTimeout(timer);
  }
}
