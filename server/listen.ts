import { lookup } from 'node:dns/promises';
import { type AddressInfo, createServer as createNetServer } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { CemError, messageOf, STOP_SIGNALS } from '../base/index.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/**
 * Starts listening and returns the address as a URL. A name with several addresses, like localhost, is listened to at all of them.
 *
 * @throws CemError `SERVER_ADDRESS` when the address cannot be had
 */
export async function listen(server: FastifyInstance, { host, port }: ListenOptions): Promise<string> {
  try {
    const [first, ...others] = await lookup(host, { all: true });
    const address = await server.listen({ host: first?.address ?? host, port });
    const { port: bound } = server.server.address() as AddressInfo;
    for (const other of others) await listenToo(server, other.address, bound);
    return address;
  } catch (error) {
    throw new CemError('SERVER_ADDRESS', `cannot listen on ${host}:${port} (${messageOf(error)}); choose another port or host`, {
      details: { host, port },
      cause: error,
    });
  }
}

/** Hands the connections of one more address to the server, whose limits and whose close they have then; without a word where that address cannot be had. */
async function listenToo(server: FastifyInstance, host: string, port: number): Promise<void> {
  const listener = createNetServer((socket) => server.server.emit('connection', socket));
  server.server.once('close', () => listener.close());
  await new Promise<void>((resolve) => {
    listener.once('error', () => resolve());
    listener.listen({ host, port }, resolve);
  });
}

/** Resolves with the first signal that asks the process to end. The next one ends it at once, as if nobody listened. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      for (const name of STOP_SIGNALS) process.off(name, stop);
      resolve(signal);
    };
    for (const name of STOP_SIGNALS) process.on(name, stop);
  });
}
