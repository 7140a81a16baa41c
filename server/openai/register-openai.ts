import type { FastifyInstance } from 'fastify';
import { addRoute, declaredRoutes } from '../routing/index.ts';
import { chatCompletionsRoute } from './chat-completions.ts';
import { embeddingsRoute } from './embeddings.ts';
import { modelRoute, modelsRoute } from './models.ts';
import { answerFailure } from './openai-errors.ts';
import type { OpenAiServices } from './openai-services.ts';

/**
 * Adds `POST /v1/embeddings`, `POST /v1/chat/completions`, `GET /v1/models` and `GET /v1/models/{id}`. What they refuse, keys that are none among it, has OpenAI's form:
 * `{error: {message, type, param, code}}`.
 */
export function registerOpenAi(server: FastifyInstance, services: OpenAiServices): void {
  // The list of routes is the whole server's: made here, the routes of the scope below come into it.
  declaredRoutes(server);
  server.register(async (scope) => {
    scope.setErrorHandler(answerFailure);
    addRoute(scope, modelsRoute(services));
    addRoute(scope, modelRoute(services));
    addRoute(scope, embeddingsRoute(services));
    addRoute(scope, chatCompletionsRoute(services));
  });
}
