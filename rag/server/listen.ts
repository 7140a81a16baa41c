import type { FastifyInstance } from 'fastify';
import { CemError } from '../../base/index.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
}

/**
 * Starts listening and returns the address as a URL.
 * @throws CemError `SERVER_ADDRESS` when the address cannot be had
 */
export async function listen(server: FastifyInstance, { host, port }: ListenOptions): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (error) {
    throw new CemError(
      'SERVER_ADDRESS',
      `cannot listen on ${host}:${port} (${(error as Error).message}); choose another port or host`,
      {
        details: { host, port },
        cause: error,
      },
    );
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Resolves with the first signal that asks the process to end. The next one ends it at once, as if nobody listened. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const stop = (signal: NodeJS.Signals) => {
      for (const name of SIGNALS) process.off(name, stop);
      resolve(signal);
    };
    for (const name of SIGNALS) process.on(name, stop);
  });
}
