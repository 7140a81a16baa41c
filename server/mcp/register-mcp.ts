import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { HttpError } from '../errors.ts';
import { addRoute } from '../routing/index.ts';
import { createMcpServer } from './create-mcp-server.ts';
import { collectionsFor, type McpServices } from './mcp-collections.ts';

const PATH = '/mcp';
const BODY_LIMIT_BYTES = 256 * 1024;

const message = z.looseObject({ jsonrpc: z.literal('2.0') });

/**
 * Adds `POST /mcp`: the Model Context Protocol over streamable HTTP, without sessions, so that every request stands for itself and for the key that it brings. The tools only read, and answer at once,
 * so that answers are JSON and there is no stream to open by GET.
 */
export function registerMcp(server: FastifyInstance, services: McpServices): void {
  addRoute(server, {
    method: 'POST',
    path: PATH,
    scope: 'read',
    tag: 'mcp',
    summary: 'Model Context Protocol',
    description:
      'Streamable HTTP without sessions: tools `search`, `read_unit`, `list_collections`. Clients of the protocol know what to send.',
    body: z.union([message, z.array(message).min(1)], 'must be a message of JSON-RPC 2.0, or a list of such'),
    bodyLimit: BODY_LIMIT_BYTES,
    code: 'MCP_REQUEST',
    answers: {
      200: { description: 'Answers of JSON-RPC', schema: z.union([message, z.array(message)]) },
      202: { description: 'What came was no request' },
    },
    handler: async ({ body, principal, signal, request, reply }) => {
      const { WebStandardStreamableHTTPServerTransport } = await import(
        '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
      );
      const onFailure = (error: unknown) => request.log.error(error);
      const mcp = await createMcpServer(collectionsFor(services, principal), { onFailure });
      const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
      await mcp.connect(transport);
      try {
        const headers = new Headers();
        for (const [name, value] of Object.entries(request.headers)) if (typeof value === 'string') headers.set(name, value);
        const asked = new Request(new URL(PATH, 'http://localhost'), { method: 'POST', headers });
        const answer = await untilGone(transport.handleRequest(asked, { parsedBody: body }), signal);
        const contentType = answer.headers.get('content-type');
        if (contentType !== null) reply.type(contentType);
        return reply.status(answer.status).send(answer.body === null ? undefined : await answer.text());
      } finally {
        await mcp.close();
      }
    },
  });
}

/** @throws the signal's reason, where it comes first */
async function untilGone<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const gone = new Promise<never>((_, reject) => {
    const leave = () => reject(signal.reason ?? new HttpError(400, 'the client is gone'));
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
  return Promise.race([work, gone]);
}
