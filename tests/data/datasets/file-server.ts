import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How the server treats one request; the last one of a list holds for all that follow. */
export interface Behaviour {
  /** Cut the connection after so many bytes of the answer. */
  readonly cutAfter?: number;
  /** Send nothing more after so many bytes, and keep the connection. */
  readonly stallAfter?: number;
  readonly status?: number;
  /** Answer a range request with the whole file. */
  readonly ignoreRange?: boolean;
}

export interface FileServer {
  readonly address: string;
  /** What was asked for: method, path and Range header. */
  readonly requests: { readonly path: string; readonly range: string | undefined; readonly ifRange: string | undefined }[];
  close(): Promise<void>;
}

export interface FileServerOptions {
  /** The entity tag of all files. */
  readonly tag?: () => string;
  /** Where the client writes what arrives: a connection is cut only when what was sent stands there, for the rest goes down with it. */
  readonly part?: string;
}

const POLL_MS = 5;
const LONGEST_WAIT_MS = 30_000;

async function arrived(part: string | undefined, bytes: number): Promise<void> {
  for (let waited = 0; part !== undefined && bytes > 0 && waited < LONGEST_WAIT_MS; waited += POLL_MS) {
    const size = await stat(part).then(
      (status) => status.size,
      () => 0,
    );
    if (size >= bytes) return;
    await sleep(POLL_MS);
  }
}

/** Serves files from memory with ranges, entity tags and the faults that are asked for. */
export async function serveFiles(
  files: () => ReadonlyMap<string, Uint8Array>,
  behaviours: readonly Behaviour[] = [{}],
  options: FileServerOptions = {},
): Promise<FileServer> {
  const tag = options.tag ?? (() => '"1"');
  const requests: FileServer['requests'] = [];
  const respond = (request: IncomingMessage, response: ServerResponse): void => {
    const behaviour = behaviours[Math.min(requests.length, behaviours.length - 1)] ?? {};
    const { range } = request.headers;
    const header = request.headers['if-range'];
    const ifRange = typeof header === 'string' ? header : undefined;
    requests.push({ path: request.url ?? '', range, ifRange });
    const content = files().get(request.url ?? '');
    if (content === undefined || behaviour.status !== undefined) {
      response.writeHead(behaviour.status ?? 404).end();
      return;
    }
    const asked = /^bytes=(\d+)-$/.exec(range ?? '');
    const same = ifRange === undefined || ifRange === tag();
    const start = asked !== null && same && !behaviour.ignoreRange ? Number(asked[1]) : 0;
    if (start > 0 && start >= content.length) {
      response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
      return;
    }
    const rest = content.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      etag: tag(),
      'content-length': rest.length,
      ...(start > 0 && { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
    });
    if (behaviour.cutAfter !== undefined) {
      response.write(rest.subarray(0, behaviour.cutAfter));
      void arrived(options.part, start + behaviour.cutAfter).then(() => response.destroy());
    } else if (behaviour.stallAfter !== undefined) response.write(rest.subarray(0, behaviour.stallAfter));
    else response.end(rest);
  };
  const server = createServer(respond);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
