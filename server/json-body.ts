import { TextDecoder } from 'node:util';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from './errors.ts';

/** Names of UTF-8 and of what is a part of it. */
const UTF8_CHARSETS = new Set(['utf-8', 'utf8', 'us-ascii']);
const CHARSET = /;\s*charset\s*=\s*(?:"([^"]*)"|([^\s;]*))/i;

/** Refuses a body before it is read that says that it is in another charset, or compressed. */
async function checkBodyHeaders({ headers }: FastifyRequest): Promise<void> {
  const [, quoted, plain] = CHARSET.exec(headers['content-type'] ?? '') ?? [];
  const charset = (quoted ?? plain)?.toLowerCase();
  if (charset !== undefined && !UTF8_CHARSETS.has(charset))
    throw new HttpError(415, `the charset ${JSON.stringify(charset)} is not read: send the body in UTF-8`);
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity') {
    throw new HttpError(415, `the content encoding ${JSON.stringify(encoding)} is not read: send the body as it is`, {
      headers: { 'accept-encoding': 'identity' },
    });
  }
}

/** Bodies are JSON in UTF-8, and nothing else: bytes that are no UTF-8 are refused, not replaced. */
export function readJsonBodies(server: FastifyInstance): void {
  const parseJson = server.getDefaultJsonParser('error', 'error');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  server.addHook('onRequest', checkBodyHeaders);
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    let text: string;
    try {
      text = decoder.decode(body as Buffer);
    } catch {
      done(new HttpError(400, 'the body is not UTF-8', { code: 'BODY_NOT_UTF8' }));
      return;
    }
    if (text.trim() === '') {
      done(new HttpError(400, 'the body is empty, where there should be JSON', { code: 'BODY_NOT_JSON' }));
      return;
    }
    parseJson(request, text, (error, value) => {
      if (error) done(new HttpError(400, `the body is not JSON that is read here: ${error.message}`, { code: 'BODY_NOT_JSON' }));
      else done(null, value);
    });
  });
}
