import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { createMcpServer, type McpServerOptions } from './create-mcp-server.ts';
import type { McpCollections } from './mcp-collections.ts';

/** What a client is talked to by: the standard streams of a process that it started. */
export interface McpStreams {
  readonly input: Readable;
  /** Gets messages of the protocol and nothing else. */
  readonly output: Writable;
}

export interface ServeMcpOptions extends McpServerOptions {
  /** Ends the service. */
  readonly signal?: AbortSignal | undefined;
}

/** Serves one client over streams until its input ends or the signal says so. */
export async function serveMcpStreams(
  collections: McpCollections,
  { input, output }: McpStreams,
  { signal, ...options }: ServeMcpOptions = {},
): Promise<void> {
  const { StdioServerTransport } = await import('@modelcontextprotocol/sdk/server/stdio.js');
  const mcp = await createMcpServer(collections, options);
  const ended = new AbortController();
  const closed = new Promise<void>((resolve) => {
    mcp.server.onclose = resolve;
  });
  const over = Promise.race([
    closed,
    // The transport itself does not look for the end of its input.
    once(input, 'end', { signal: ended.signal }),
    once(input, 'close', { signal: ended.signal }),
    ...(signal === undefined ? [] : [aborted(signal)]),
  ]);
  // Awaited below, unless connecting fails.
  over.catch(() => {});
  try {
    await mcp.connect(new StdioServerTransport(input, output));
    await over;
  } finally {
    await mcp.close();
    ended.abort();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
