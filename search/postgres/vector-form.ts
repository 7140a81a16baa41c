import { fromSql, toSql } from 'pgvector';
import { CemError } from '../../base/index.ts';
import { binaryCode, codeBytes, quantiseRow, readRow } from '../codes/index.ts';

/**
 * How stored vectors are kept. `single`: pgvector's `vector`, 4 bytes a value. `half`: its `halfvec`, 2 bytes, cosines to about 3 digits (from pgvector 0.7). `int8`: integers of
 * a byte with a scale a row; a search reads every row. `binary`: beside such integers a bit a value, by which candidates are found, whose integers rank them (from 0.7).
 */
export const VECTOR_PRECISIONS = ['single', 'half', 'int8', 'binary'] as const;
export type VectorPrecision = (typeof VECTOR_PRECISIONS)[number];

/**
 * The precision that a store's settings name.
 *
 * @throws CemError `VECTOR_STORE_LAYOUT` for one that is not known here
 */
export function precisionOf(stored: string | undefined, location: string): VectorPrecision {
  const known = VECTOR_PRECISIONS.find((precision) => precision === stored);
  if (known !== undefined) return known;
  throw new CemError(
    'VECTOR_STORE_LAYOUT',
    `the tables in ${location} hold ${stored} vectors, which this version does not know: use the version that made them, or a later one`,
    { details: { location, precision: stored } },
  );
}

/** A column of a table, and its type in PostgreSQL. */
interface Column {
  readonly name: string;
  readonly type: string;
}

/** How statements compare a row's columns with a query's vector. */
export interface Comparison {
  /** A query's vector as a parameter. */
  query(vector: Float32Array): string;
  /**
   * Lower is better. An HNSW index is over it.
   *
   * @param query the parameter, `$1`
   */
  distance(query: string, dimension: number): string;
}

interface FormHnsw {
  /** What an index is over, with its operator class. */
  readonly target: string;
  /** Largest dimension that it takes (pgvector, "HNSW"). */
  readonly maximumDimension: number;
  /** Bytes of a vector in it. */
  bytes(dimension: number): number;
}

interface CommonForm {
  readonly precision: VectorPrecision;
  /** Its type in PostgreSQL, for messages. */
  readonly type: string;
  /** Columns that hold one vector of so many values. All are null where a vector is all zeros. The first is the one that `directed` asks. */
  columns(dimension: number): readonly [Column, ...Column[]];
  /** One vector, not all zeros, as the text of each column, which PostgreSQL casts to the column's type. */
  values(vector: Float32Array): readonly string[];
  /** Absent where no index can be built over it. */
  readonly hnsw?: FormHnsw;
}

/** Vectors of pgvector, which PostgreSQL compares. */
export interface PlainForm extends CommonForm {
  readonly kind: 'plain';
  /** The negative inner product of a row's vector and the query's. */
  readonly comparison: Comparison;
  /** A row's vector as text, and that text as a vector. */
  readonly text: string;
  parse(text: string): Float32Array;
}

/** Vectors as integers of 8 bits and a scale, in columns `copy` and `scale`, which this process compares. Such rows have a number, column `number`. */
interface CopyForm extends CommonForm {
  readonly kind: 'copy';
  /** The Hamming distance of a row's code, column `code`, and the query's; absent where there are no codes. */
  readonly comparison?: Comparison;
}

/**
 * How a precision keeps vectors: which columns of a row hold one, and how statements write them, rank by them and read them. All that the store's statements know
 * of vectors, they know from here.
 */
export type VectorForm = PlainForm | CopyForm;

function plainForm(
  precision: VectorPrecision,
  type: 'vector' | 'halfvec',
  bytes: number,
  maximumDimension: number,
): PlainForm & { readonly hnsw: FormHnsw } {
  const write = (vector: Float32Array): string => toSql([...vector]) as string;
  return {
    kind: 'plain',
    precision,
    type,
    columns: (dimension) => [{ name: 'vector', type: `${type}(${dimension})` }],
    values: (vector) => [write(vector)],
    comparison: { query: write, distance: (query) => `vector <#> ${query}::${type}` },
    text: 'vector::text',
    parse: (text) => Float32Array.from(fromSql(text) as number[]),
    hnsw: { target: `vector ${type}_ip_ops`, maximumDimension, bytes: (dimension) => bytes * dimension },
  };
}

const COPY_COLUMNS: readonly Column[] = [
  { name: 'scale', type: 'real' },
  { name: 'copy', type: 'bytea' },
];

function copyValues(vector: Float32Array): string[] {
  const values = new Int8Array(vector.length);
  const scale = quantiseRow(vector, values);
  return [String(scale), `\\x${Buffer.from(values.buffer).toString('hex')}`];
}

/** A vector's code as PostgreSQL's `bit` is written. */
function bitsOf(vector: Float32Array): string {
  const bits = [...binaryCode(vector)].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return bits.slice(0, vector.length);
}

export const VECTOR_FORMS = {
  single: plainForm('single', 'vector', 4, 2000),
  half: plainForm('half', 'halfvec', 2, 4000),
  int8: {
    kind: 'copy',
    precision: 'int8',
    type: 'bytea',
    columns: () => [
      { name: 'copy', type: 'bytea' },
      { name: 'scale', type: 'real' },
    ],
    values: (vector) => copyValues(vector).reverse(),
  },
  binary: {
    kind: 'copy',
    precision: 'binary',
    type: 'bit',
    columns: (dimension) => [{ name: 'code', type: `bit(${dimension})` }, ...COPY_COLUMNS],
    values: (vector) => [bitsOf(vector), ...copyValues(vector)],
    comparison: { query: bitsOf, distance: (query, dimension) => `code <~> ${query}::bit(${dimension})` },
    hnsw: { target: 'code bit_hamming_ops', maximumDimension: 64_000, bytes: codeBytes },
  },
} as const satisfies Readonly<Record<VectorPrecision, VectorForm>>;

/** A row's integers and scale as they come from the database. */
export interface StoredCopy {
  /** [dimension] */
  readonly copy: Int8Array;
  readonly scale: number;
}

/** [dimension]: what a row's integers stand for. */
export function vectorOfCopy({ copy, scale }: StoredCopy): Float32Array {
  const vector = new Float32Array(copy.length);
  readRow(copy, scale, vector);
  return vector;
}

/** The inner product of a row and a query, rounded to single precision as stored vectors are. */
export function scoreOfCopy({ copy, scale }: StoredCopy, query: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < copy.length; index++) sum += copy[index]! * query[index]!;
  return Math.fround(sum * scale);
}
