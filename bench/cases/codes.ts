import { stat } from 'node:fs/promises';
import { documentText, readBeir } from '../../data/index.ts';
import { PrecomputedEncoder, type Vectors } from '../../encoders/index.ts';
import { RETRIEVAL_MEASURES } from '../../eval/measures/measures.ts';
import { averageMeasures, measureRanking } from '../../eval/measures/metrics.ts';
import { binaryCode, MemoryCodes, quantiseRow, readRow } from '../../search/codes/index.ts';
import { Rotation } from '../../search/codes/rotation.ts';
import { openPglite, PgvectorStore, VECTOR_PRECISIONS, type VectorPrecision } from '../../search/postgres/index.ts';
import { recallAgainst } from '../../search/recall.ts';
import { TopK } from '../../search/top-k.ts';
import { type Bench, wholeNumber } from '../bench.ts';
import { describeMachine, type Measurement } from '../measurement.ts';

/** Issue 17: what binary codes may lose of nDCG@10, the bytes of a vector of 384 values, and the bytes of all that is kept as a part of the text. */
const LOSS_BAR = 0.005;
const BYTES_BAR = 450;
const WHOLE_BAR = 0.8;
const K = 10;
const COUNTS = [50, 100, 200, 300, 500, 1000];

interface CodesOptions {
  readonly vectors: string;
  readonly data: string;
  readonly split: string;
  readonly candidates: number;
  readonly compared: number;
  readonly zpkg: string | undefined;
}

/** How codes and queries are compared, of those that were considered: the signs of what, against the query's signs (the Hamming distance) or its values. */
const VARIANTS = [false, true].flatMap((rotated) =>
  [false, true].flatMap((centred) => (['signs', 'values'] as const).map((query) => ({ rotated, centred, query }))),
);

const rowOf = ({ data, dimension }: Vectors, row: number): Float32Array => data.subarray(row * dimension, (row + 1) * dimension);

function product(left: Float32Array | Int8Array, right: Float32Array | Int8Array): number {
  let sum = 0;
  for (let index = 0; index < left.length; index++) sum += left[index]! * right[index]!;
  return sum;
}

/** Rows of the best products with a query, best first. */
function best(rows: readonly (Float32Array | Int8Array)[], query: Float32Array | Int8Array, k: number): number[] {
  const top = new TopK(k, { compareTies: (left, right) => right - left });
  rows.forEach((row, number) => {
    top.push(number, product(row, query));
  });
  return top.sorted().map(({ item }) => item);
}

function meanOf(rows: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(rows[0]!.length);
  for (const row of rows) for (let index = 0; index < mean.length; index++) mean[index]! += row[index]! / rows.length;
  return mean;
}

const signsOf = (vector: Float32Array): Int8Array => Int8Array.from(vector, (value) => (value > 0 ? 1 : -1));

function candidateRecalls(rows: readonly Float32Array[], queries: readonly Float32Array[]): Measurement[] {
  const exact = queries.map((query) => best(rows, query, K));
  const mean = meanOf(rows);
  const rotation = new Rotation(mean.length, 1);
  return VARIANTS.flatMap(({ rotated, centred, query: by }) => {
    const turned = (vector: Float32Array): Float32Array => (rotated ? rotation.apply(vector) : vector);
    const codes = rows.map((row) => signsOf(turned(centred ? row.map((value, index) => value - mean[index]!) : row)));
    const found = queries.map((query) => best(codes, by === 'signs' ? signsOf(turned(query)) : turned(query), COUNTS.at(-1)!));
    const name = `${rotated ? 'rotated' : 'plain'}${centred ? ', centred' : ''} signs, against the query's ${by}`;
    return COUNTS.map((count) => ({
      name: `${name}: recall@${K} within ${count}`,
      value: recallAgainst(
        exact,
        found.map((numbers) => numbers.slice(0, count)),
      ),
      unit: '',
    }));
  });
}

/** Rows as a precision keeps them; binary keeps its integers. */
function kept(rows: readonly Float32Array[], precision: 'single' | 'int8'): Float32Array[] {
  if (precision === 'single') return [...rows];
  return rows.map((row) => {
    const values = new Int8Array(row.length);
    const rounded = new Float32Array(row.length);
    readRow(values, quantiseRow(row, values), rounded);
    return rounded;
  });
}

async function bytesOfVector(precision: VectorPrecision, vector: Float32Array): Promise<number> {
  const driver = await openPglite();
  const store = await PgvectorStore.open(driver, { dimension: vector.length, precision });
  await store.upsert([{ document: 'a', chunk: 0, passage: 0, vector, fingerprint: '' }]);
  const columns = { single: ['vector'], half: ['vector'], int8: ['copy', 'scale'], binary: ['code', 'copy', 'scale'] }[precision];
  const [size] = await driver.query<{ bytes: number }>(
    `select (${columns.map((column) => `pg_column_size(${column})`).join(' + ')})::integer as bytes from cem_chunks`,
  );
  await store.close();
  return size!.bytes;
}

/** 0 for a file that is not there: documents without titles have no metadata. */
const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/** What codes and integers cost and lose, over real vectors: those of `cem encode`. */
export const codesBench: Bench<CodesOptions> = {
  name: 'codes',
  describe:
    'Binary codes and 8-bit rows over the vectors of `cem encode`: bytes, nDCG@10, recall, and what other codes would find',
  options: (parser) =>
    parser
      .option('vectors', { type: 'string', demandOption: true, describe: "documents' vectors (.npy), the queries' beside them" })
      .option('data', { type: 'string', demandOption: true, describe: 'the BEIR folder that they are of' })
      .option('split', { type: 'string', default: 'test', describe: 'which queries' })
      .option('candidates', {
        type: 'number',
        default: 300,
        describe: 'rows that are ranked by their integers',
        coerce: wholeNumber('candidates', 1),
      })
      .option('compared', {
        type: 'number',
        default: 100,
        describe: 'queries by which other codes are compared; 0 leaves it out',
        coerce: wholeNumber('compared', 0),
      })
      .option('zpkg', { type: 'string', describe: 'container of the documents, whose files are counted beside the vectors' }),
  run: async ({ vectors, data: folder, split, candidates, compared, zpkg }, say) => {
    const data = await readBeir(folder, split);
    const encoder = await PrecomputedEncoder.open({ documents: vectors, queries: vectors.replace(/\.npy$/, '.queries.npy') });
    const ids: string[] = [];
    let text = 0;
    for await (const document of data.documents()) {
      ids.push(document.id);
      text += Buffer.byteLength(documentText(document));
    }
    const queryIds = [...data.qrels.keys()];
    const documents = await encoder.encodeCorpus(ids);
    const asked = await encoder.encodeQueries(queryIds.map((id) => data.queries.get(id)!));
    const rows = Array.from({ length: documents.rows }, (_, row) => rowOf(documents, row));
    const queries = queryIds.map((_, row) => rowOf(asked, row));
    const { dimension } = documents;
    say(`${rows.length} vectors of ${dimension} values, ${queries.length} queries`);
    const memory = new MemoryCodes(dimension);
    rows.forEach((row, number) => {
      memory.add(number, binaryCode(row));
    });
    const int8 = kept(rows, 'int8');
    const rankings: Record<'single' | 'int8' | 'binary', number[][]> = { single: [], int8: [], binary: [] };
    for (const query of queries) {
      rankings.single.push(best(rows, query, K));
      rankings.int8.push(best(int8, query, K));
      const among = memory.scan(query, candidates);
      rankings.binary.push(
        best(
          among.map((row) => int8[row]!),
          query,
          K,
        ).map((place) => among[place]!),
      );
    }
    const ndcg = (ranking: readonly (readonly number[])[]): number =>
      averageMeasures(
        ranking.map((found, query) =>
          measureRanking(
            found.map((row) => ids[documents.owners[row]!]!),
            data.qrels.get(queryIds[query]!)!,
            RETRIEVAL_MEASURES,
          ),
        ),
      )['ndcg_at_10']!;
    const reference = ndcg(rankings.single);
    const measurements: Measurement[] = [];
    const bytes: Partial<Record<VectorPrecision, number>> = {};
    for (const precision of VECTOR_PRECISIONS) {
      say(precision);
      bytes[precision] = await bytesOfVector(precision, rows[0]!);
      const barred = precision === 'binary' && dimension === 384;
      measurements.push({
        name: `${precision}, a vector`,
        value: bytes[precision],
        unit: 'bytes',
        ...(barred && { bar: { atMost: BYTES_BAR } }),
      });
      if (precision === 'half') continue;
      const value = ndcg(rankings[precision]);
      measurements.push(
        { name: `${precision}, nDCG@10`, value, unit: '' },
        {
          name: `${precision}, nDCG@10 lost`,
          value: reference - value,
          unit: '',
          ...(precision === 'binary' && { bar: { atMost: LOSS_BAR } }),
        },
        { name: `${precision}, recall@${K} against exact`, value: recallAgainst(rankings.single, rankings[precision]), unit: '' },
      );
    }
    if (zpkg !== undefined) {
      let files = 0;
      for (const path of [zpkg, `${zpkg}.map`, `${zpkg}.meta`]) files += await sizeOf(path);
      for (const precision of VECTOR_PRECISIONS) {
        measurements.push({
          name: `container, mapping, metadata and ${precision} vectors, as a part of the text`,
          value: (files + rows.length * bytes[precision]!) / text,
          unit: '',
          ...(precision === 'binary' && { bar: { atMost: WHOLE_BAR } }),
        });
      }
    }
    if (compared > 0) say('other codes');
    const others = compared === 0 ? [] : candidateRecalls(rows, queries.slice(0, compared));
    return {
      bench: 'codes',
      date: new Date().toISOString().slice(0, 10),
      machine: describeMachine(),
      notes: [
        `${rows.length.toLocaleString('en')} vectors of ${dimension} values by ${encoder.description.id}, ${queries.length.toLocaleString('en')} queries of ${split}; ` +
          `binary: ${candidates} candidates by their codes, ranked by their integers. A vector's bytes are those of its columns in PostgreSQL, heads of values included.`,
      ],
      measurements: [...measurements, ...others],
    };
  },
};
