import { isIP } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { HttpError } from '../errors.ts';

/** What a browser sends with what a page asks for: the page's own origin, or "null" where it has none. */
function hostOfOrigin(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}

/** Whether a host, as a request names it, is this machine under a name that no other machine's owner can give to it. */
export function isLoopbackName(host: string): boolean {
  const name = host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  return isLoopbackAddress(name);
}

/** Whether an IP address is reached from this machine alone. */
export function isLoopbackAddress(address: string): boolean {
  const plain = address.toLowerCase().replace(/^::ffff:/, '');
  return isIP(plain) === 4 ? plain.startsWith('127.') : plain === '::1' || plain === '0:0:0:0:0:0:0:1';
}

/**
 * Keeps pages of others, open in a browser on this machine, away from a server that asks for no keys: a page may send forms to any address, and may have its own name lead to 127.0.0.1.
 *
 * @param origins whose pages may ask all the same
 * @param loopbackOnly whether the server has to be called by a name of this machine
 */
export function refuseForeignPages(server: FastifyInstance, origins: readonly string[], loopbackOnly: boolean): void {
  server.addHook('onRequest', async ({ headers }) => {
    const { origin, host = '' } = headers;
    if (origin !== undefined && !origins.includes(origin) && hostOfOrigin(origin) !== host)
      throw new HttpError(403, `pages of ${origin} may not ask here: \`--cors ${origin}\` lets them`, { code: 'ORIGIN_REFUSED' });
    if (loopbackOnly && !isLoopbackName(host))
      throw new HttpError(403, `this server is not known as ${host}: call it localhost`, { code: 'HOST_REFUSED' });
  });
}
