import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ICON } from './icon.ts';
import { pageOf } from './page-html.ts';
import { siteScript } from './site-script.ts';
import { SITE_STYLE } from './style/site-style.ts';

/**
 * The page needs nothing from elsewhere and may ask nothing of others; its script makes no markup out of texts, and the browser holds it to that (trusted types).
 * What it uploads and asks goes to this server.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** Headers of everything that belongs to the page. */
const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

/** Files whose names change with their content. */
const FOREVER = 'public, max-age=31536000, immutable';
const ASK_AGAIN = 'no-cache';

interface Asset {
  readonly path: string;
  readonly type: string;
  readonly content: string;
  readonly tag: string;
}

/** The page for people at `/`, and its script, style and icon below `/assets/`: without a key, since they hold no document. They ask the routes below `/v1/`, with the key that the reader gives. */
export function registerSite(server: FastifyInstance): void {
  const style = assetOf('site', 'css', 'text/css', SITE_STYLE);
  const script = assetOf('site', 'js', 'text/javascript', siteScript());
  const icon = assetOf('icon', 'svg', 'image/svg+xml', ICON);
  const page = pageOf({ style: style.path, script: script.path, icon: icon.path });
  const tag = tagOf(page);

  server.get('/', (request, reply) => {
    reply.headers({ ...HEADERS, 'cache-control': ASK_AGAIN, etag: `"${tag}"` });
    if (request.headers['if-none-match'] === `"${tag}"`) return reply.status(304).send();
    return reply.type('text/html; charset=utf-8').send(page);
  });
  for (const asset of [style, script, icon]) server.get(`/${asset.path}`, (_request, reply) => sendAsset(reply, asset));
}

function sendAsset(reply: FastifyReply, { type, content, tag }: Asset): FastifyReply {
  return reply
    .headers({ ...HEADERS, 'cache-control': FOREVER, etag: `"${tag}"` })
    .type(`${type}; charset=utf-8`)
    .send(content);
}

const tagOf = (content: string): string => createHash('sha256').update(content).digest('hex').slice(0, 16);

function assetOf(name: string, ending: string, type: string, content: string): Asset {
  const tag = tagOf(content);
  return { path: `assets/${name}-${tag}.${ending}`, type, content, tag };
}
