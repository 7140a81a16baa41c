import { readFile } from 'node:fs/promises';

/** How the model does on the documents that are kept for judging it while it trains. */
export interface DevMetrics {
  readonly 'ndcg@10': number;
  /** The student's nDCG@10 as a share of the teacher's; a reranker's as a share of what its candidates have in the retriever's order. */
  readonly retention: number;
}

/** One line of `metrics.jsonl`; averages are over the steps since the line before. */
export interface MetricsLine {
  readonly step: number;
  readonly loss: number;
  readonly terms: Readonly<Record<string, number>>;
  readonly learning_rate: number;
  readonly gradient_norm: number;
  /** Since the run (or its resumption) began. */
  readonly seconds: number;
  readonly steps_per_second: number;
  readonly texts_per_second: number;
  /** Bytes of the process that are in memory (resident set size). */
  readonly memory: number;
  /** Share of the time since the line before that steps waited for their batches; absent in runs from before it was measured. */
  readonly loader_wait_share?: number;
  /** Programs that the backend has made of the step since the run (or its resumption) began; absent where it makes none. */
  readonly compilations?: number;
  /** Bytes of the device's memory that are in use after the step; absent where the backend has none of its own, or does not say. */
  readonly device_memory?: number;
  /** Share of the symbols that were padded so that few programs are made, mean over the steps since the line before; absent where none are made. */
  readonly padding_share?: number;
  /** On the lines of the steps that were evaluated. */
  readonly dev?: DevMetrics;
}

/** A line of `metrics.jsonl` as it is read: that of another kind of run, or of an older one, may lack what this one has. */
export type ReadMetricsLine = Partial<MetricsLine> & Pick<MetricsLine, 'step'>;

/** A line without its line feed; undefined where it is no JSON object with a step. */
export function parseMetricsLine(text: string): ReadMetricsLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return typeof (value as Partial<MetricsLine>).step === 'number' ? (value as ReadMetricsLine) : undefined;
}

/**
 * The lines of a `metrics.jsonl` that are there whole. One that does not end in a line feed is still being written, or a kill cut it off: it does not count yet. Whatever else is no line
 * of metrics is passed over.
 */
export function wholeLines(text: string): { readonly text: string; readonly metrics: ReadMetricsLine }[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .flatMap((line) => {
      const metrics = parseMetricsLine(line);
      return metrics === undefined ? [] : [{ text: line, metrics }];
    });
}

/** The whole lines of a run's metrics, in their order; none where the file is not there. */
export async function readMetrics(path: string): Promise<ReadMetricsLine[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return wholeLines(text).map(({ metrics }) => metrics);
}
