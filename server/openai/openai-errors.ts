import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { isCemError } from '../../base/index.ts';
import { answerTo, HttpError } from '../errors.ts';

/** The form of OpenAI's errors, which its clients read. */
export const openAiErrorSchema = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable().describe('The part of the request that is at fault, where one is.'),
      code: z.string(),
    }),
  })
  .meta({ id: 'OpenAiError' });

type OpenAiErrorBody = z.infer<typeof openAiErrorSchema>;

/** What OpenAI calls kinds of refusals, by status; other faults of a request are `invalid_request_error`. */
const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  403: 'permission_error',
  429: 'rate_limit_error',
};
/** What OpenAI's clients are told to go by, where it has a word for it; elsewhere the code is ours. */
const CODES: Readonly<Record<number, string>> = { 401: 'invalid_api_key', 429: 'rate_limit_exceeded' };

/** A field's path at the beginning of a message, as refusals of a body have it. */
const FIELD = /^([a-z_]+(?:\.[a-z0-9_]+)*): /;

/** A model that is not there, or that cannot do what is asked. */
export class ModelMissing extends HttpError {
  constructor(model: string, what: string) {
    super(404, `model: there is no ${what} ${JSON.stringify(model)} here; GET /v1/models lists those that there are`, {
      code: 'model_not_found',
    });
  }
}

/** What a client is told of a failure, in OpenAI's form. */
export function openAiError(error: FastifyError | Error): {
  readonly status: number;
  readonly body: OpenAiErrorBody;
  readonly headers: Readonly<Record<string, string>>;
} {
  const { status, body, headers = {} } = answerTo(error);
  const { message, code } = body.error;
  const type = status >= 500 ? 'server_error' : (TYPES[status] ?? 'invalid_request_error');
  const param = status < 500 ? (FIELD.exec(message)?.[1] ?? null) : null;
  return { status, headers, body: { error: { message, type, param, code: CODES[status] ?? code } } };
}

/** Answers failures of the routes of a scope in OpenAI's form. */
export function answerFailure(error: FastifyError | Error, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, body, headers } = openAiError(error);
  if (status >= 500 && !(error instanceof HttpError)) request.log.error(error);
  return reply.status(status).headers(headers).send(body);
}

/** Whether an error says that a collection is not there, or cannot be named so. */
export const isMissingCollection = (error: unknown): boolean =>
  isCemError(error, 'COLLECTION_MISSING') || isCemError(error, 'COLLECTION_NAME');
