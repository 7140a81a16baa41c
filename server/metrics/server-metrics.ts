import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { JobCounts } from '../../recipes/index.ts';
import type { TierCounts } from '../../search/index.ts';
import { countJobs } from './job-metrics.ts';
import { countTiers } from './tier-metrics.ts';

/** Bounds in seconds: a search takes milliseconds, an answer of a language model minutes. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** How much is asked at the moment. */
export interface ServerLoad {
  readonly running: number;
  readonly waiting: number;
  readonly jobs: number;
  readonly jobBytes: number;
  /** Queries whose vectors were remembered, and those that were encoded; none unless given. */
  readonly queryCache?: { readonly hits: number; readonly misses: number } | undefined;
  /** What became of hot passages; undefined where no tiers are kept. */
  readonly tiers?: TierCounts | undefined;
}

/** Parts of a request whose time is measured. */
export type ServerStage = 'queue' | 'retrieve' | 'rerank' | 'read' | 'embed' | 'change';

/** What one server counts, for Prometheus. Each has its own: nothing is shared between servers of a process. */
export class ServerMetrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<'method' | 'route' | 'status'>;
  readonly #requestSeconds: Histogram<'method' | 'route'>;
  readonly #stageSeconds: Histogram<'stage'>;
  readonly #chunks: Counter;
  readonly #citations: Counter<'result'>;

  /**
   * Both are asked whenever somebody reads the figures.
   *
   * @param workerJobs where it rejects, they are left out
   */
  constructor(load: () => ServerLoad, workerJobs?: () => Promise<JobCounts>) {
    const registers = [this.#registry];
    this.#requests = new Counter({
      name: 'cem_requests_total',
      help: 'Requests that were answered',
      labelNames: ['method', 'route', 'status'],
      registers,
    });
    this.#requestSeconds = new Histogram({
      name: 'cem_request_seconds',
      help: 'Time from request to the end of its answer',
      labelNames: ['method', 'route'],
      buckets: SECONDS,
      registers,
    });
    this.#stageSeconds = new Histogram({
      name: 'cem_stage_seconds',
      help: 'Time of the parts of a request: waiting in the queue, retrieving, reranking, reading, embedding, changing a collection',
      labelNames: ['stage'],
      buckets: SECONDS,
      registers,
    });
    this.#chunks = new Counter({
      name: 'cem_chunks_decompressed_total',
      help: 'Chunks of results that were decompressed',
      registers,
    });
    new Counter({
      name: 'cem_query_cache_total',
      help: 'Queries whose vectors were remembered (hit), and those that were encoded (miss)',
      labelNames: ['result'],
      registers,
      collect() {
        const { hits = 0, misses = 0 } = load().queryCache ?? {};
        this.reset();
        this.inc({ result: 'hit' }, hits);
        this.inc({ result: 'miss' }, misses);
      },
    });
    this.#citations = new Counter({
      name: 'cem_citations_total',
      help: 'Citations of answers: kept, and dropped because they did not hold',
      labelNames: ['result'],
      registers,
    });
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    };
    countTiers(this.#registry, () => load().tiers);
    if (workerJobs) countJobs(this.#registry, workerJobs);
    gauge('cem_queue_running', 'Searches that run', () => load().running);
    gauge('cem_queue_waiting', 'Searches that wait', () => load().waiting);
    gauge('cem_jobs_unfinished', 'Changes that are not finished', () => load().jobs);
    gauge('cem_jobs_bytes', 'Bytes of the documents of those', () => load().jobBytes);
    gauge('process_resident_memory_bytes', 'Memory of the process', () => process.memoryUsage.rss());
    gauge('process_cpu_seconds_total', 'Time that processors gave to the process', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
    gauge('process_start_time_seconds', 'When the process began', () => Math.round(Date.now() / 1000 - process.uptime()));
  }

  /** @param route as it is declared, so that there are as many series as routes */
  request(method: string, route: string, status: number, milliseconds: number): void {
    this.#requests.inc({ method, route, status: String(status) });
    this.#requestSeconds.observe({ method, route }, milliseconds / 1000);
  }

  stage(stage: ServerStage, milliseconds: number): void {
    this.#stageSeconds.observe({ stage }, milliseconds / 1000);
  }

  /** Measures what is done. */
  async timed<Result>(stage: ServerStage, action: () => Promise<Result>): Promise<Result> {
    const start = performance.now();
    try {
      return await action();
    } finally {
      this.stage(stage, performance.now() - start);
    }
  }

  /** @param count results of a search: the chunk of each was decompressed */
  decompressed(count: number): void {
    this.#chunks.inc(count);
  }

  citations(kept: number, dropped: number): void {
    this.#citations.inc({ result: 'kept' }, kept);
    this.#citations.inc({ result: 'dropped' }, dropped);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** In Prometheus' form of text. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
