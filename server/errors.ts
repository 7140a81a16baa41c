import type { FastifyError } from 'fastify';
import { CemError, UsageError } from '../base/index.ts';

/** The one form of every answer that is no success. */
export interface ErrorBody {
  readonly error: {
    /** Stable, in capitals; clients go by it. */
    readonly code: string;
    /** One line for people. */
    readonly message: string;
  };
}

/** What is answered in place of a result. */
export interface ErrorAnswer {
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that HTTP itself refuses: its status, its headers, and a message for the client. */
export class HttpError extends CemError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, options: { code?: string; headers?: Readonly<Record<string, string>> } = {}) {
    super(options.code ?? codeOfStatus(status), message);
    this.status = status;
    this.headers = options.headers ?? {};
  }
}

/** Codes of what HTTP refuses, by status. */
export const CODES_OF_STATUS: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  408: 'REQUEST_TIMEOUT',
  409: 'CONFLICT',
  413: 'BODY_TOO_LARGE',
  414: 'URL_TOO_LONG',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  417: 'EXPECTATION_FAILED',
  429: 'TOO_MANY_REQUESTS',
  431: 'HEADERS_TOO_LARGE',
  503: 'SERVER_BUSY',
};

/** Statuses of refusals that come from below. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  COLLECTION_MISSING: 404,
  COLLECTION_EXISTS: 409,
  COLLECTION_BUSY: 409,
  DOCUMENT_SOURCE: 400,
  SOURCE_TAKEN: 409,
};

const codeOfStatus = (status: number): string => CODES_OF_STATUS[status] ?? (status < 500 ? 'BAD_REQUEST' : 'INTERNAL');

/** Seconds after which a client that was turned away may try again. */
const RETRY_AFTER_SECONDS = '1';
const RETRY = { 'retry-after': RETRY_AFTER_SECONDS };

export function errorAnswer(status: number, message: string, code = codeOfStatus(status)): ErrorAnswer {
  return { status, body: { error: { code, message: message.replace(/\s+/g, ' ') } } };
}

/** Says that there is too much to do at the moment. */
export const busy = (message: string): HttpError => new HttpError(503, message, { headers: RETRY });

/**
 * What a client is told: the whole message where the request was at fault, no more than the code where we are (messages name paths).
 *
 * @param tellFailures whether it is told what our errors say, too
 */
export function answerTo(error: FastifyError | Error, tellFailures = false): ErrorAnswer {
  if (error instanceof HttpError) return { ...errorAnswer(error.status, error.message, error.code), headers: error.headers };
  if (error instanceof CemError) {
    const refused = STATUS_OF_CODE[error.code] ?? (error instanceof UsageError ? 400 : undefined);
    if (refused !== undefined) return errorAnswer(refused, error.message, error.code);
    if (error.code === 'DATABASE_UNREACHABLE')
      return { ...errorAnswer(503, 'the index cannot be reached at the moment; try again later', error.code), headers: RETRY };
    if (error.code === 'FOLDER_LOCKED')
      return {
        ...errorAnswer(503, 'another process has this collection; try again when it is done', error.code),
        headers: RETRY,
      };
    return errorAnswer(500, tellFailures ? error.message : "the request failed; the server's log says why", error.code);
  }
  const status = 'statusCode' in error ? (error.statusCode ?? 500) : 500;
  if (status === 415) return errorAnswer(status, 'the body must be JSON, and its content-type application/json');
  if (status >= 400 && status < 500) return errorAnswer(status, error.message);
  return errorAnswer(500, "the request failed; the server's log says why", 'INTERNAL');
}

/** What is said of bytes that are no request, by Node's code for them. */
const PARSER_ANSWERS: Readonly<Record<string, ErrorAnswer>> = {
  ERR_HTTP_REQUEST_TIMEOUT: errorAnswer(408, 'the request did not come in time'),
  HPE_HEADER_OVERFLOW: errorAnswer(431, 'the header of the request is too large'),
  HPE_CHUNK_EXTENSIONS_OVERFLOW: errorAnswer(413, 'the chunk extensions of the body are too large'),
  HPE_INVALID_METHOD: errorAnswer(400, 'this is no HTTP request: its method is none'),
};

/** What a client is told whose bytes Node could not read as a request. */
export function answerToUnreadable(error: NodeJS.ErrnoException): ErrorAnswer {
  return PARSER_ANSWERS[error.code ?? ''] ?? errorAnswer(400, 'this is no HTTP request that can be read');
}

/** An answer as bytes, for a socket that has no request: the connection ends with it. */
export function rawAnswer({ status, body, headers = {} }: ErrorAnswer, reason: string): string {
  const content = JSON.stringify(body);
  const lines = [
    `HTTP/1.1 ${status} ${reason}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(content)}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    'connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${content}`;
}
