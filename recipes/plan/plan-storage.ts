import { UsageError } from '../../base/index.ts';
import type { VectorPrecision } from '../../search/postgres/index.ts';
import { storeBytes } from './store-bytes.ts';

/** Prices in dollars; those of large clouds' lists, rounded, unless given. */
export interface StoragePrices {
  /** Of a gigabyte of object storage a month. */
  readonly object: number;
  /** Of a gigabyte of a database's disk a month. */
  readonly disk: number;
  /** Of a gigabyte of memory a month. */
  readonly memory: number;
  /** Of a core for an hour. */
  readonly core: number;
}

export interface PlanStorageOptions {
  readonly documents: number;
  /** Bytes of UTF-8 of a passage; 1,000 unless given. */
  readonly passageBytes?: number | undefined;
  /** Of a document; 1 unless given. */
  readonly passages?: number | undefined;
  /** Share of the text that compression saves, as `cem inspect` says of a packed sample; 0.664 unless given. */
  readonly saving?: number | undefined;
  readonly dimension?: number | undefined;
  /** `binary` unless given. */
  readonly precision?: VectorPrecision | undefined;
  readonly vectorIndex?: 'none' | 'hnsw' | undefined;
  /** Bytes of the tables of terms as a share of the text; 0 for a collection without terms. It falls with size: what a small sample takes says too much. */
  readonly termsShare?: number | undefined;
  readonly metadataBytes?: number | undefined;
  /** Passages a second that one core takes from files into the index; 95 unless given. */
  readonly rate?: number | undefined;
  /** Hours in which all is ingested; 24 unless given. */
  readonly deadline?: number | undefined;
  /** Cores of a worker; 2 unless given. */
  readonly cores?: number | undefined;
  readonly prices?: Partial<StoragePrices> | undefined;
  /** Values of a vector of the usual stack; 1,024 unless given. */
  readonly usualDimension?: number | undefined;
}

/** Bytes and dollars a month of one way of storing. */
export interface StackBytes {
  readonly object: number;
  readonly database: number;
  readonly memory: number;
  readonly dollarsMonth: number;
}

/** What a plan is computed from, given or assumed. */
type AssumedFigures = {
  readonly [Name in keyof Omit<PlanStorageOptions, 'documents' | 'prices'>]-?: Exclude<PlanStorageOptions[Name], undefined>;
} & { readonly prices: StoragePrices };

export interface StoragePlan {
  readonly documents: number;
  readonly passages: number;
  /** Bytes of text. */
  readonly text: number;
  /** Of a passage in the database: the row with its indexes, its share of the graph, its terms. */
  readonly row: { readonly store: number; readonly graph: number; readonly terms: number };
  readonly plan: StackBytes;
  /** Text as it is beside float32 vectors in a graph in memory. */
  readonly usual: StackBytes;
  readonly workers: {
    readonly count: number;
    readonly cores: number;
    readonly coreHours: number;
    readonly hours: number;
    readonly dollars: number;
  };
  readonly assumed: AssumedFigures;
}

/** What is assumed where nothing is given, and where it was measured. */
export const ASSUMED = {
  passageBytes: { value: 1000, source: 'a passage of the default size' },
  passages: { value: 1, source: 'a document of one passage' },
  saving: { value: 0.664, source: 'README.md, results: techdocs, container with dictionary, index, mapping' },
  dimension: { value: 384, source: 'vectors of the checkpoint of the package' },
  // A share of few passages is larger: of 5,000 of the same ones 0.82, of 10,000 0.65.
  termsShare: { value: 0.32, source: 'bench/RESULTS.md, plan: 100,000 passages of English; of Chinese law 0.85' },
  metadataBytes: { value: 16, source: 'a row without fields' },
  rate: { value: 95, source: 'bench/RESULTS.md, ingest: 49,065 passages in 514 s of processors' },
} as const;

const PRICES: StoragePrices = { object: 0.023, disk: 0.115, memory: 3, core: 0.04 };
const ID_BYTES = 12;
/** Of a code in memory beside its bits: its key. */
const CODE_KEY = 8;
const NEIGHBOURS = 16;
const GIGABYTE = 1e9;
const SECONDS_OF_HOUR = 3600;

/**
 * Bytes, memory, workers and prices of a collection of any size, from what a passage takes.
 *
 * @throws UsageError `PLAN_NUMBER` for a number that cannot be
 */
export function planStorage(options: PlanStorageOptions): StoragePlan {
  const assumed = assumedOf(options);
  const { passageBytes, passages: each, saving, dimension, precision, vectorIndex, termsShare, metadataBytes, prices } = assumed;
  const passages = options.documents * each;
  const text = passages * passageBytes;
  const store = storeBytes({ precision, dimension, index: vectorIndex, m: NEIGHBOURS, metadataBytes, idBytes: ID_BYTES });
  const row = { store: store.row, graph: store.graph, terms: passageBytes * termsShare };
  const isCodes = precision === 'binary' && vectorIndex === 'none';
  const memory = isCodes ? dimension / 8 + CODE_KEY : vectorIndex === 'hnsw' ? store.graph : store.row;
  const stack = (object: number, database: number, ram: number): StackBytes => ({
    object,
    database,
    memory: ram,
    dollarsMonth: (object * prices.object + database * prices.disk + ram * prices.memory) / GIGABYTE,
  });
  // A graph over float32 vectors: each with 2 m neighbours of four bytes, and a sixteenth of them on levels above.
  const usualVector = 4 * assumed.usualDimension + 2 * NEIGHBOURS * 4 * (1 + 1 / NEIGHBOURS);
  return {
    documents: options.documents,
    passages,
    text,
    row,
    plan: stack(text * (1 - saving), passages * (row.store + row.graph + row.terms), passages * memory),
    usual: stack(text, passages * (usualVector + row.terms), passages * usualVector),
    workers: workersOf(passages, assumed),
    assumed,
  };
}

function workersOf(passages: number, { rate, deadline, cores, prices }: AssumedFigures): StoragePlan['workers'] {
  const coreHours = passages / rate / SECONDS_OF_HOUR;
  const count = Math.max(1, Math.ceil(coreHours / (deadline * cores)));
  return { count, cores, coreHours, hours: coreHours / (count * cores), dollars: coreHours * prices.core };
}

function assumedOf(options: PlanStorageOptions): AssumedFigures {
  const { passageBytes, passages, saving, dimension, termsShare, metadataBytes, rate } = options;
  const { precision = 'binary', vectorIndex = 'none', deadline = 24, cores = 2, usualDimension = 1024, prices } = options;
  const assumed = {
    passageBytes: passageBytes ?? ASSUMED.passageBytes.value,
    passages: passages ?? ASSUMED.passages.value,
    saving: saving ?? ASSUMED.saving.value,
    dimension: dimension ?? ASSUMED.dimension.value,
    termsShare: termsShare ?? ASSUMED.termsShare.value,
    metadataBytes: metadataBytes ?? ASSUMED.metadataBytes.value,
    rate: rate ?? ASSUMED.rate.value,
    ...{ precision, vectorIndex, deadline, cores, usualDimension },
    prices: { ...PRICES, ...prices },
  };
  const {
    saving: saved,
    termsShare: terms,
    metadataBytes: metadata,
    prices: paid,
    precision: _,
    vectorIndex: __,
    ...positive
  } = assumed;
  check({ documents: options.documents, ...positive }, (value) => value > 0, 'a number above 0');
  check({ termsShare: terms, metadataBytes: metadata, ...paid }, (value) => value >= 0, 'a number that is not below 0');
  check({ saving: saved }, (value) => value > -1 && value < 1, 'a share below 1');
  if (precision === 'int8' && vectorIndex === 'hnsw')
    throw new UsageError('PLAN_NUMBER', 'no graph is built over int8 vectors: name another precision, or no index');
  return assumed;
}

function check(numbers: Readonly<Record<string, number>>, holds: (value: number) => boolean, wanted: string): void {
  const wrong = Object.entries(numbers).find(([, value]) => !Number.isFinite(value) || !holds(value));
  if (wrong !== undefined)
    throw new UsageError('PLAN_NUMBER', `${wrong[0]} is ${wrong[1]}: give ${wanted}`, {
      details: { name: wrong[0], value: wrong[1] },
    });
}
