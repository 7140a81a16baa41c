import type { FastifyInstance, FastifyRequest } from 'fastify';
import { HttpError } from '../errors.ts';
import type { KeyRing } from './key-ring.ts';
import { LOCAL_PRINCIPAL, type Principal, type Scope, scopesUpTo } from './principal.ts';

const CHALLENGE = { 'www-authenticate': 'Bearer realm="cem"' };

/** What is known of who sent a request: somebody, or why it is nobody. */
type Identity = { readonly principal: Principal } | { readonly refusal: HttpError };

const identities = new WeakMap<FastifyRequest, Identity>();

/**
 * Has a server know who asks, before anything else is done with a request: by the key of `Authorization: Bearer` or `x-api-key`. Whether that is enough, `requirePrincipal` says.
 *
 * @param keys without them everybody is this machine's user
 */
export function identifyRequests(server: FastifyInstance, keys: KeyRing | undefined): void {
  server.addHook('onRequest', async (request) => {
    identities.set(
      request,
      keys !== undefined && (await keys.isAsked()) ? await identify(request, keys) : { principal: LOCAL_PRINCIPAL },
    );
  });
}

async function identify(request: FastifyRequest, keys: KeyRing): Promise<Identity> {
  const key = keyOf(request);
  if (key === undefined) {
    const message = 'this needs a key: send it as Authorization: Bearer KEY, or as x-api-key; `cem keys add` makes one';
    return { refusal: new HttpError(401, message, { headers: CHALLENGE }) };
  }
  const entry = await keys.find(key);
  if (entry === undefined) return { refusal: new HttpError(401, 'this key is none, or no longer one', { headers: CHALLENGE }) };
  const { id, name, scope, labels } = entry;
  return { principal: { key: id, name, scopes: scopesUpTo(scope), labels } };
}

function keyOf({ headers }: FastifyRequest): string | undefined {
  const [, bearer] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  const plain = headers['x-api-key'];
  return bearer ?? (typeof plain === 'string' && plain !== '' ? plain : undefined);
}

/** Who asks, where it is somebody. */
export function principalOf(request: FastifyRequest): Principal | undefined {
  const identity = identities.get(request);
  return identity !== undefined && 'principal' in identity ? identity.principal : undefined;
}

/**
 * Who asks, who must have this scope. A server that does not identify its requests lets nobody through.
 *
 * @throws HttpError 401 without a key that is one, 403 where the key's scope is smaller
 */
export function requirePrincipal(request: FastifyRequest, scope: Scope): Principal {
  const identity = identities.get(request);
  if (identity === undefined) throw new HttpError(401, 'nobody said who asks', { headers: CHALLENGE });
  if ('refusal' in identity) throw identity.refusal;
  if (!identity.principal.scopes.has(scope))
    throw new HttpError(
      403,
      `this needs a key of the scope ${scope}; that of ${JSON.stringify(identity.principal.name)} is smaller`,
    );
  return identity.principal;
}
