import type { FastifyReply } from 'fastify';
import { HttpError } from '../errors.ts';

/** What nginx writes into its log for such a request; nobody receives it. */
const CLIENT_CLOSED_REQUEST = 499;

/** The client of a request has gone: nobody reads the answer. */
export class ClientGone extends HttpError {
  constructor() {
    super(CLIENT_CLOSED_REQUEST, 'the client closed the connection before it had its answer', { code: 'CLIENT_GONE' });
  }
}

/** Aborted when the client goes before it has its answer. */
export function clientSignal({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) gone.abort(new ClientGone());
  });
  return gone.signal;
}
