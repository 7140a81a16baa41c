import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance } from 'fastify';
import { HttpError } from '../errors.ts';
import { principalOf } from './access.ts';

const MINUTE_MS = 60_000;
/** Addresses and keys that are counted at the same time. */
const COUNTED = 10_000;

/**
 * Limits requests a minute of each key, and of each address without one. Probes are not counted.
 *
 * @param perMinute 0 sets no limit
 */
export async function limitRates(server: FastifyInstance, perMinute: number, probes: ReadonlySet<string>): Promise<void> {
  if (perMinute === 0) return;
  await server.register(rateLimit, {
    global: false,
    max: perMinute,
    timeWindow: MINUTE_MS,
    cache: COUNTED,
    keyGenerator: (request) => principalOf(request)?.key ?? rateLimit.normalizeIP(request.ip),
  });
  const count = server.createRateLimit();
  server.addHook('onRequest', async (request, reply) => {
    if (probes.has(request.routeOptions.url ?? '')) return;
    const state = await count(request);
    if (state.isAllowed) return;
    reply.headers({ 'x-ratelimit-limit': state.max, 'x-ratelimit-remaining': state.remaining });
    if (state.isExceeded)
      throw new HttpError(429, `there may be ${state.max} requests a minute`, {
        headers: { 'retry-after': `${state.ttlInSeconds}` },
      });
  });
}
