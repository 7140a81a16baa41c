import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { UsageError } from '../../../base/index.ts';
import { createHttpServer } from '../../http-server.ts';
import { PAGE } from './page/html.ts';
import { pageScript } from './page/script.ts';
import { STYLE } from './page/style.ts';
import { RunBoard, type RunBoardOptions } from './run-board.ts';

const MOST_POINTS = 20_000;
const DEFAULT_POINTS = 1000;
/** No route reads one. */
const BODY_LIMIT_BYTES = 1024;

const seriesQuery = z.strictObject({
  run: z.string(),
  points: z.coerce.number().int().min(4).max(MOST_POINTS).default(DEFAULT_POINTS),
  smoothing: z.coerce.number().min(0).lt(1).default(0),
});

/** The page needs nothing from elsewhere, and may not ask for it. */
const POLICY = "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * The HTTP service of the dashboard, not yet listening: a page at `/`, `GET /api/runs` (how the runs stand) and `GET /api/series?run=…&points=1000&smoothing=0`
 * (what one measured; `answers.ts` says in which form). It only reads.
 *
 * @throws CemError `RUNS_FOLDER` when the folder cannot be read, UsageError `RUN_MISSING` when one of the named runs is none
 */
export async function createDashboard(options: RunBoardOptions): Promise<FastifyInstance> {
  const board = await RunBoard.open(options);
  // It listens to this machine only, whose user may know what went wrong.
  const server = createHttpServer({ bodyLimit: BODY_LIMIT_BYTES, tellFailures: true });
  const { resolve } = createRequire(import.meta.url);
  const files: readonly [path: string, type: string, content: string][] = [
    ['/', 'text/html', PAGE],
    ['/style.css', 'text/css', STYLE],
    ['/dashboard.js', 'text/javascript', pageScript()],
    ['/uplot.js', 'text/javascript', await readFile(resolve('uplot/dist/uPlot.iife.min.js'), 'utf8')],
    ['/uplot.css', 'text/css', await readFile(resolve('uplot/dist/uPlot.min.css'), 'utf8')],
  ];

  server.addHook('onSend', async (_request, reply) => {
    reply
      .header('cache-control', 'no-store')
      .header('content-security-policy', POLICY)
      .header('x-content-type-options', 'nosniff');
  });
  for (const [path, type, content] of files)
    server.get(path, (_request, reply) => reply.type(`${type}; charset=utf-8`).send(content));
  server.get('/api/runs', () => board.list());
  server.get('/api/series', async (request) => {
    const query = seriesQuery.safeParse(request.query);
    if (!query.success) throw new UsageError('SERIES_QUERY', z.prettifyError(query.error).replaceAll(/\s+/g, ' '));
    const { run, ...wanted } = query.data;
    return board.series(run, wanted);
  });
  return server;
}
