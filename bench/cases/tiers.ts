import { RandomNumbers } from '../../base/index.ts';
import { readBeir } from '../../data/index.ts';
import { PrecomputedEncoder, type Vectors } from '../../encoders/index.ts';
import { RETRIEVAL_MEASURES } from '../../eval/measures/measures.ts';
import { averageMeasures, measureRanking } from '../../eval/measures/metrics.ts';
import { hotRowBytes } from '../../search/codes/index.ts';
import { openPglite, openPostgres, PgvectorStore, type SqlDriver } from '../../search/postgres/index.ts';
import { recallAgainst } from '../../search/recall.ts';
import { type Bench, wholeNumber } from '../bench.ts';
import { describeMachine, type Measurement } from '../measurement.ts';
import { exactRows } from './exact-rows.ts';
import { MixedVectors } from './mixed-vectors.ts';
import { quantile } from './quantile.ts';

const K = 10;
const HOT_PART = 0.1;
const BONUS = 0.2;
/** Of the candidates of a search among all, in the kind that asks the database for few. */
const COLD_PART = 0.25;
const BATCH = 5000;
const NOISY = 500;

interface TiersOptions {
  readonly vectors: string;
  readonly data: string;
  readonly split: string;
  readonly rows: number;
  readonly log: number;
  readonly candidates: number;
  readonly database: string | undefined;
}

/** One way to search, and what it found and took. */
interface Kind {
  readonly name: string;
  readonly store: PgvectorStore;
  readonly times: number[];
  readonly found: (readonly string[])[];
}

/** Numbers of questions: the question of rank r with a chance of 1 / r, in an order of ranks that has nothing to do with their content. */
function skewedLog(questions: number, length: number): number[] {
  const numbers = new RandomNumbers(1, 'log of questions');
  const order = Int32Array.from({ length: questions }, (_, question) => question);
  numbers.shuffle(order);
  const sums: number[] = [];
  for (let rank = 1; rank <= questions; rank++) sums.push((sums.at(-1) ?? 0) + 1 / rank);
  return Array.from({ length }, () => {
    const drawn = numbers.uniform() * sums.at(-1)!;
    return order[sums.findIndex((sum) => sum > drawn)]!;
  });
}

const rowOf = ({ data, dimension }: Vectors, row: number): Float32Array => data.subarray(row * dimension, (row + 1) * dimension);

async function fill(store: PgvectorStore, ids: readonly string[], vectors: Vectors): Promise<void> {
  const there = (await store.count()).passages;
  for (let first = there; first < ids.length; first += BATCH) {
    const batch = ids.slice(first, first + BATCH);
    await store.upsert(
      batch.map((document, index) => {
        const row = first + index;
        return { document, chunk: row, passage: 0, vector: rowOf(vectors, row), fingerprint: row.toString(16).padStart(32, '0') };
      }),
    );
  }
  await store.finishWriting();
}

/** Passages by how often searches find them: all in the database, all codes in memory, and a tenth of them hot, on a log in which few questions are asked most of the time. */
export const tiersBench: Bench<TiersOptions> = {
  name: 'tiers',
  describe:
    'A skewed log of questions: codes of a tenth of the passages in memory beside all in the database, all in either; a bonus',
  options: (parser) =>
    parser
      .option('vectors', { type: 'string', demandOption: true, describe: "documents' vectors (.npy), the queries' beside them" })
      .option('data', { type: 'string', demandOption: true, describe: 'the BEIR folder that they are of' })
      .option('split', { type: 'string', default: 'dev', describe: 'whose queries are the questions' })
      .option('rows', {
        type: 'number',
        default: 100_000,
        describe: 'passages: those of the vectors, and others made from them',
        coerce: wholeNumber('rows', 1),
      })
      .option('log', { type: 'number', default: 10_000, describe: 'questions in the log', coerce: wholeNumber('log', 1) })
      .option('candidates', {
        type: 'number',
        default: 100,
        describe: 'rows that are ranked by their integers',
        coerce: wholeNumber('candidates', 1),
      })
      .option('database', { type: 'string', describe: 'PostgreSQL with pgvector; embedded without it' }),
  run: async (options, say) => {
    const { vectors: path, rows: wanted, log: length, candidates } = options;
    const data = await readBeir(options.data, options.split);
    const encoder = await PrecomputedEncoder.open({ documents: path, queries: path.replace(/\.npy$/, '.queries.npy') });
    const ids: string[] = [];
    for await (const { id } of data.documents()) ids.push(id);
    const questionIds = [...data.qrels.keys()];
    const real = await encoder.encodeCorpus(ids);
    const questions = await encoder.encodeQueries(questionIds.map((id) => data.queries.get(id)!));
    const { dimension } = real;
    const made = new MixedVectors(real, 1, 'rows').take(Math.max(0, wanted - real.rows));
    const all: Vectors = { rows: real.rows + made.rows, dimension, data: new Float32Array((real.rows + made.rows) * dimension) };
    all.data.set(real.data);
    all.data.set(made.data, real.data.length);
    const documents = [...ids, ...Array.from({ length: made.rows }, (_, row) => `made-${row}`)];
    const log = skewedLog(questions.rows, length);
    const asked = [...new Set(log)];
    say(`${all.rows} vectors of ${dimension} values, ${asked.length} different questions in a log of ${length}; exact search`);
    const exact = new Map<number, string[]>();
    for (const question of asked)
      exact.set(
        question,
        exactRows(all, rowOf(questions, question), K).map((row) => documents[row]!),
      );
    const driver = options.database === undefined ? await openPglite() : await openPostgres(options.database);
    const shared: SqlDriver = { ...driver, close: async () => {} };
    const open = (name: string, more: object) =>
      PgvectorStore.open(shared, { dimension, name: `tiers_${name}_${all.rows}`, precision: 'binary', candidates, ...more });
    try {
      const hnsw = { vectorIndex: { kind: 'hnsw' } };
      for (const [name, more] of [
        ['graph', hnsw],
        ['plain', {}],
      ] as const) {
        say(`writing: ${name}`);
        await fill(await open(name, more), documents, all);
        await driver.query(`vacuum analyze tiers_${name}_${all.rows}_chunks`);
      }
      const codesMemory = Math.round(HOT_PART * all.rows) * hotRowBytes(dimension);
      const few = Math.max(1, Math.round(COLD_PART * candidates));
      const tiers = (more: object) => open('graph', { codesMemory, tiers: more });
      const kind = (name: string, store: PgvectorStore): Kind => ({ name, store, times: [], found: [] });
      const kinds = [
        kind('all cold', await open('graph', {})),
        kind('a tenth hot', await tiers({})),
        kind(`a tenth hot, ${few} cold candidates`, await tiers({ coldCandidates: few })),
        kind(`the same, bonus ${BONUS}`, await tiers({ coldCandidates: few, bonus: BONUS })),
        kind('all hot', await open('plain', { codesMemory: 2 ** 30 })),
      ];
      for (const { store } of kinds) await store.measureRecall(20, K);
      for (const [number, question] of log.entries()) {
        // In turns, so that what else the machine does meets all of them.
        for (const { store, times, found } of kinds) {
          const start = performance.now();
          const hits = await store.search(rowOf(questions, question), { k: K });
          times.push(performance.now() - start);
          found.push(hits.map(({ document }) => document));
        }
        if ((number + 1) % NOISY === 0) say(`${number + 1} of ${length} questions`);
      }
      const best = log.map((question) => exact.get(question)!);
      const measurements = kinds.flatMap(({ name, store, times, found }): Measurement[] => {
        const ndcg = averageMeasures(
          found.map((ranking, place) => measureRanking(ranking, data.qrels.get(questionIds[log[place]!]!)!, RETRIEVAL_MEASURES)),
        )['ndcg_at_10']!;
        const counts = store.tiers;
        return [
          { name: `${name}, recall@${K} against exact`, value: recallAgainst(best, found), unit: '' },
          { name: `${name}, nDCG@10`, value: ndcg, unit: '' },
          { name: `${name}, half of the questions within`, value: quantile(times, 0.5), unit: 'ms' },
          { name: `${name}, 99 of 100 within`, value: quantile(times, 0.99), unit: 'ms' },
          ...(counts === undefined
            ? []
            : [
                { name: `${name}, results that were hot`, value: counts.hotResults / (length * K), unit: '' },
                { name: `${name}, promoted`, value: counts.promoted, unit: 'rows' },
                { name: `${name}, demoted`, value: counts.demoted, unit: 'rows' },
              ]),
        ];
      });
      return {
        bench: 'tiers',
        date: new Date().toISOString().slice(0, 10),
        machine: describeMachine(),
        notes: [
          `${all.rows.toLocaleString('en')} vectors of ${dimension} values: ${real.rows.toLocaleString('en')} by ${encoder.description.id}, the others made from them (each moved along the difference of two others). ` +
            `A log of ${length.toLocaleString('en')} questions, ${asked.length.toLocaleString('en')} different ones of ${questions.rows.toLocaleString('en')} (that of rank r with a chance of 1 / r), each asked of every kind in turns; the best ${K}, ${candidates} candidates. ` +
            'nDCG is of the log: a question counts as often as it is asked.',
          `Cold: a graph over binary codes in ${options.database === undefined ? 'the embedded database' : 'PostgreSQL on the same machine'}. Hot rows are learned from the log itself, from none on. All hot: every code in memory, no graph.`,
        ],
        measurements,
      };
    } finally {
      await driver.close();
    }
  },
};
