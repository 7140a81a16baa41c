import { existsSync } from 'node:fs';
import type { OnProgress } from '../../base/index.ts';
import { type BeirData, type Document, DocumentReader, type PackOptions, packCorpus } from '../../data/index.ts';
import { type Encoder, StudentEncoder, TextCorpusEncoder, type TextEmbedder, TextStudentEncoder } from '../../encoders/index.ts';
import type { CemModel } from '../../model/index.ts';
import { ExactRetriever, type InnerProducts } from '../../search/exact/index.ts';
import type { Decompressor } from '../../zpkg/index.ts';
import { type CandidateChoice, candidateTexts } from '../measures/candidates.ts';
import { evaluate } from '../measures/evaluate.ts';
import { passageTexts } from './packed-candidates.ts';
import { RememberingEmbedder } from './remembering-embedder.ts';

/** The figure that checkpoints are chosen by looks no deeper. */
const DEPTH = 10;

export interface DevEvaluationInput {
  readonly data: BeirData;
  readonly candidates: CandidateChoice;
  /** At most so many of the judged queries, evenly from the file; all unless given. */
  readonly queries?: number;
  /** What the models read that will be measured: of compressed chunks only the container is kept, of texts the texts. */
  readonly reads: 'text' | 'compressed chunks';
  /** Where the packed candidates lie, or will. */
  readonly zpkg: string;
  readonly pack: Pick<PackOptions, 'level' | 'targetChunkSize' | 'passageSize' | 'passageOverlap'> & {
    readonly dictionary: Uint8Array;
  };
  /** Behind a cache: it is asked for the same texts whenever a run is resumed. */
  readonly teacher: TextEmbedder;
  readonly innerProducts?: InnerProducts;
  /** Replaces the reader's decompressor: a test installs one that throws. */
  readonly decompressor?: (dictionary: Uint8Array) => Decompressor;
  readonly onProgress?: (stage: string, done: number, total: number) => void;
}

/** What the model under training is given of the candidates. */
type Source = { readonly reader: DocumentReader } | { readonly texts: ReadonlyMap<string, string> };

/**
 * The same small benchmark again and again while a model is trained: the candidates are packed once and the teacher's figures are measured once, so that an evaluation
 * costs what encoding the candidates costs. Nothing is decompressed.
 */
export class DevEvaluation {
  /** The teacher's own nDCG@10. */
  readonly teacherNdcg: number;
  readonly #data: BeirData;
  readonly #ids: readonly string[];
  readonly #source: Source;
  readonly #teacher: TextEmbedder;
  readonly #innerProducts: InnerProducts | undefined;

  private constructor(
    { innerProducts }: DevEvaluationInput,
    made: { teacherNdcg: number; data: BeirData; ids: readonly string[]; source: Source; embedder: TextEmbedder },
  ) {
    this.teacherNdcg = made.teacherNdcg;
    this.#data = made.data;
    this.#ids = made.ids;
    this.#source = made.source;
    this.#teacher = made.embedder;
    this.#innerProducts = innerProducts;
  }

  /** @throws as `evaluateEncoders` */
  static async open(input: DevEvaluationInput): Promise<DevEvaluation> {
    const texts = await candidateTexts(input.data, input.candidates);
    const data = withQueries(input.data, input.queries);
    const embedder = new RememberingEmbedder(input.teacher);
    const ids = [...texts.keys()];
    const source = input.reads === 'text' ? { texts } : { reader: await openCandidates(input, texts) };
    try {
      // Teacher and student are ranked by the same passages.
      const reader = 'reader' in source && (input.pack.passageSize ?? 0) > 0 ? source.reader : undefined;
      const encoder = new TextCorpusEncoder(
        embedder,
        texts,
        reader && { passagesOf: (id) => passageTexts(texts.get(id)!, id, reader) },
      );
      const teacherNdcg = await ndcg(data, ids, encoder, input.innerProducts, (done, total) =>
        input.onProgress?.('teacher', done, total),
      );
      return new DevEvaluation(input, { teacherNdcg, data, ids, source, embedder });
    } catch (error) {
      if ('reader' in source) await source.reader.close();
      throw error;
    }
  }

  /** How many queries are asked. */
  get queries(): number {
    return this.#data.qrels.size;
  }

  /** nDCG@10 of a model over the candidates, with the teacher's queries, and its share of the teacher's. */
  async evaluate(model: CemModel): Promise<{ readonly 'ndcg@10': number; readonly retention: number }> {
    const encoder =
      'texts' in this.#source
        ? new TextStudentEncoder(model, this.#source.texts, this.#teacher, 'in training')
        : new StudentEncoder(model, this.#source.reader, this.#teacher, 'in training');
    const value = await ndcg(this.#data, this.#ids, encoder, this.#innerProducts);
    return { 'ndcg@10': value, retention: this.teacherNdcg === 0 ? 0 : value / this.teacherNdcg };
  }

  async close(): Promise<void> {
    if ('reader' in this.#source) await this.#source.reader.close();
  }
}

async function openCandidates(input: DevEvaluationInput, texts: ReadonlyMap<string, string>): Promise<DocumentReader> {
  async function* documents(): AsyncGenerator<Document> {
    for (const [id, text] of texts) yield { id, title: '', text };
  }
  const { dictionary, ...pack } = input.pack;
  if (!existsSync(input.zpkg)) {
    await packCorpus(documents, input.zpkg, {
      ...pack,
      dictionary: dictionary.length === 0 ? 'none' : dictionary,
      force: true,
      onProgress: (_, done, total) => input.onProgress?.('pack', done, total),
    });
  }
  return DocumentReader.open(input.zpkg, input.decompressor ? { decompressor: input.decompressor } : {});
}

async function ndcg(
  { queries, qrels, dropOwnId = false }: BeirData,
  ids: readonly string[],
  encoder: Encoder,
  innerProducts: InnerProducts | undefined,
  onProgress?: OnProgress,
): Promise<number> {
  const retriever = await ExactRetriever.create(encoder, ids, {
    name: 'dev',
    ...(innerProducts && { innerProducts }),
    ...(onProgress && { onProgress }),
  });
  const { rows } = await evaluate({ ids, queries, qrels, retrievers: [retriever], depth: DEPTH, dropOwnId });
  return rows[0]!.average['ndcg_at_10']!;
}

/** The judgments of so many queries, as far apart in the file as they can be. */
function withQueries(data: BeirData, count = data.qrels.size): BeirData {
  const judged = [...data.qrels];
  const step = Math.max(1, judged.length / count);
  const kept = Array.from({ length: Math.min(count, judged.length) }, (_, index) => judged[Math.floor(index * step)]!);
  return { ...data, qrels: new Map(kept) };
}
