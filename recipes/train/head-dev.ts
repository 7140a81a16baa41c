import type { OnProgress } from '../../base/index.ts';
import type { LoadedStudent } from '../../checkpoints/index.ts';
import type { QueryHeadRunConfig } from '../../configs/index.ts';
import { type BeirData, readBeir } from '../../data/index.ts';
import type { TokenEncoder, WordWeights } from '../../encoders/index.ts';
import { type GroupScore, type GroupSet, groupSet, ndcgOf, scoreGroups } from '../../eval/groups/index.ts';
import { candidateTexts } from '../../eval/index.ts';
import { tf } from '../../model/index.ts';
import type { QueryHeadModel } from '../../model/query-head/index.ts';
import type { DevMetrics, TokenRows } from '../../training/index.ts';
import { encodePatches, encodeTexts } from './head-examples.ts';

/** Rows that go through a head at a time. */
const ROWS_AT_ONCE = 8192;

/** Queries and all candidates of a split, by the chosen vectors of their tokens. */
interface HeadDevelopment {
  /** nDCG@10 of a head's field scores over all candidates; its retention is the share of what the encoder's vectors of whole texts have. */
  evaluate(model: QueryHeadModel): Promise<DevMetrics>;
}

/** Reads and encodes the development data of a run. */
export async function openHeadDevelopment(
  dev: NonNullable<QueryHeadRunConfig['data']['dev']>,
  source: string,
  { tokens, score, topPerQuery }: Pick<QueryHeadRunConfig['training'], 'tokens' | 'score' | 'topPerQuery'>,
  { encoder, student }: { readonly encoder: TokenEncoder; readonly student: LoadedStudent | undefined },
  words: WordWeights,
  onProgress?: OnProgress,
): Promise<HeadDevelopment> {
  const data = await readBeir(dev.source ?? source, dev.split);
  const texts = await candidateTexts(data, dev.candidates);
  const ids = [...texts.keys()];
  const asked = askedQueries(data, dev.queries);
  const queries = await encodeTexts(
    encoder,
    asked.map((id) => data.queries.get(id)!),
    'query',
    tokens.query,
    words,
  );
  const passages = [...texts.values()];
  const keys = await (student === undefined
    ? encodeTexts(encoder, passages, 'key', tokens.key, words, onProgress)
    : encodePatches(student, passages, tokens.key, onProgress));
  const measure = async (one: GroupSet, other: GroupSet, kind: GroupScore): Promise<number> => {
    let total = 0;
    await scoreGroups(one, other, topPerQuery, (query, scores) => {
      total += ndcgOf(scores[kind], ids, data.qrels.get(asked[query]!)!);
    });
    return total / Math.max(1, asked.length);
  };
  const coarse = await measure(queries.whole, keys.whole, 'sum');
  return {
    evaluate: async (model) => {
      const kind = score === 'both' ? 'sum' : score;
      const value = await measure(await projected(model, queries.rows, 'query'), await projected(model, keys.rows, 'key'), kind);
      return { 'ndcg@10': value, retention: coarse === 0 ? 0 : value / coarse };
    },
  };
}

/** Evenly from the file. */
function askedQueries({ qrels, queries }: BeirData, count: number): string[] {
  const judged = [...qrels.keys()].filter((id) => queries.get(id)?.trim());
  const step = Math.max(1, judged.length / count);
  return Array.from({ length: Math.min(count, judged.length) }, (_, index) => judged[Math.floor(index * step)]!);
}

async function projected(model: QueryHeadModel, texts: TokenRows, role: 'query' | 'key'): Promise<GroupSet> {
  const { dimension } = model.config;
  const groups: { vectors: number; dimension: number; data: Float32Array }[] = [];
  for (let first = 0; first < texts.size; ) {
    let [end, rows] = [first, 0];
    while (end < texts.size && (end === first || rows + texts.count(end) <= ROWS_AT_ONCE)) rows += texts.count(end++);
    const values = new Float32Array(rows * texts.dimension);
    for (let [text, row] = [first, 0]; text < end; row += texts.count(text++)) texts.read(text, values, row);
    const output = tf.tidy(() => model.apply(tf.tensor2d(values, [rows, texts.dimension]), role).vectors);
    const data = (await output.data()) as Float32Array;
    output.dispose();
    for (let [text, row] = [first, 0]; text < end; row += texts.count(text++))
      groups.push({
        vectors: texts.count(text),
        dimension,
        data: data.slice(row * dimension, (row + texts.count(text)) * dimension),
      });
    first = end;
  }
  return groupSet(groups, dimension);
}
