import type { FastifyRequest } from 'fastify';
import type { EmbeddingModel } from '../../recipes/index.ts';
import type { ServerServices } from '../services.ts';

/** What the routes in OpenAI's shapes need. */
export interface OpenAiServices extends Pick<ServerServices, 'answerFor' | 'metrics'> {
  readonly collections: Pick<ServerServices['collections'], 'list' | 'get'>;
  readonly queue: Pick<ServerServices['queue'], 'run'>;
  readonly answers: Pick<ServerServices['answers'], 'run' | 'enter'>;
  /** The server's checkpoint; absent where it embeds nothing. */
  readonly embeddings?: EmbeddingModel | undefined;
}

/** The URL of a unit, as the client of a request reaches this server. */
export function unitUrl({ protocol, host }: FastifyRequest, collection: string, unit: string): string {
  return `${protocol}://${host}/v1/collections/${encodeURIComponent(collection)}/units/${encodeURIComponent(unit)}`;
}
