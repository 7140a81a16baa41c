import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Answer, AnswerRequest, AnswerService } from '../collection-service.ts';
import { addRoute, EVENT_STREAM, type ServerEvent, sendEvents } from '../routing/index.ts';
import { answerEvents, answerRequest, answerSchema, wireAnswer, wireAnswerEvent } from '../schemas/index.ts';
import type { ServerServices } from '../services.ts';
import { requireReranker } from './search.ts';

/** A question, a conversation, and a filter. */
const BODY_LIMIT_BYTES = 8 * 2 ** 20;

/** Answers with citations, whole or as they are written. */
export function addAnswerRoutes(server: FastifyInstance, services: ServerServices): void {
  const { collections, answers: queue } = services;
  addRoute(server, {
    method: 'POST',
    path: '/v1/answers',
    scope: 'read',
    tag: 'answers',
    summary: 'An answer to a question from what a collection has, with citations that hold',
    body: answerRequest,
    bodyLimit: BODY_LIMIT_BYTES,
    answers: {
      200: {
        description: 'The answer; as events where they are asked for. Both have the same citations.',
        schema: answerSchema,
        content: { [EVENT_STREAM]: answerEvents },
      },
    },
    handler: async ({ body, principal, request, reply, signal }) => {
      const { collection: name, stream, retrievers, rerank, ...asked } = body;
      if (rerank) requireReranker(services);
      const collection = await collections.get(name);
      const answerer = services.answerFor(collection, principal, { retrievers, rerank });
      const question: AnswerRequest = { ...asked, signal };
      if (stream || wantsEvents(request)) return sendEvents(reply, eventsOf(services, answerer, question, signal));
      const answer = await queue.run(() => answerer.answer(question), signal);
      countAnswer(services, answer);
      return wireAnswer(answer);
    },
  });
}

const wantsEvents = ({ headers }: FastifyRequest): boolean => headers.accept?.includes(EVENT_STREAM) ?? false;

async function* eventsOf(
  services: ServerServices,
  answerer: AnswerService,
  question: AnswerRequest,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const leave = await services.answers.enter(signal);
  try {
    for await (const event of answerer.stream(question)) {
      if (event.type === 'done') countAnswer(services, event.answer);
      yield wireAnswerEvent(event);
    }
  } finally {
    leave();
  }
}

/** Counts an answer. */
export function countAnswer({ metrics }: Pick<ServerServices, 'metrics'>, { citations, dropped, timings }: Answer): void {
  metrics.citations(citations.length, dropped);
  if (timings.rerank !== undefined) metrics.stage('rerank', timings.rerank);
  metrics.stage('read', timings.read);
}
