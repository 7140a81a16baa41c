import type { BeirData } from '../../data/index.ts';
import type { TextEmbedder, Vectors } from '../../encoders/index.ts';
import {
  bm25Contender,
  chunkContender,
  EvaluationFolder,
  evaluateEncoders,
  RememberingEmbedder,
  randomContender,
  textContender,
} from '../../eval/index.ts';
import { tokenize } from '../../search/lexical/tokenizer.ts';
import { parseFrame } from '../../zpkg/index.ts';

const TOPICS = ['granite', 'orchid', 'harbour', 'violin', 'comet', 'saffron', 'glacier', 'lantern'];
const DOCUMENTS = 64;

/** Documents of growing length, two topics in each; a text with what HTML and Markdown take for their own. */
export const SMALL_DATA: BeirData = {
  async *documents() {
    for (let index = 0; index < DOCUMENTS; index++) {
      const filler = `sentence <b>${index}</b> & "more" | of it. `.repeat(1 + (index % 16));
      yield {
        id: `d${index}`,
        title: TOPICS[index % TOPICS.length]!,
        text: `${TOPICS[(index * 5 + 3) % TOPICS.length]} ${filler}`,
      };
    }
  },
  queries: new Map(
    Array.from({ length: DOCUMENTS }, (_, index) => [`q${index}`, `${TOPICS[index % TOPICS.length]} <i>${index}</i>`]),
  ),
  qrels: new Map(Array.from({ length: DOCUMENTS }, (_, index) => [`q${index}`, new Map([[`d${index}`, 1 + (index % 2)]])])),
};

/** Counts topics, and the words of the text a little. */
function topicVectors(texts: readonly string[], salt: number): Vectors {
  const dimension = TOPICS.length + 4;
  const rows = texts.map((text) => {
    const words = tokenize(text);
    const counts = Array.from({ length: dimension }, (_, index) => 1e-3 * ((text.length * (index + salt)) % 7));
    TOPICS.forEach((topic, index) => {
      counts[index]! += words.filter((word) => word === topic).length;
    });
    const norm = Math.hypot(...counts) || 1;
    return counts.map((count) => count / norm);
  });
  return { rows: rows.length, dimension, data: Float32Array.from(rows.flat()) };
}

/**
 * Evaluates a small corpus into a folder; the student sees the literals of the frames.
 *
 * @param salt changes the student a little
 */
export async function evaluateSmall(path: string, salt = 1, data = SMALL_DATA): Promise<void> {
  const dimension = TOPICS.length + 4;
  const teacher: TextEmbedder = {
    description: {
      id: 'transformers:org/topics',
      revision: 'r1',
      dimension,
      settings: { maximumTokens: 256, queryPrompt: 'query: ' },
    },
    embedDocuments: async (texts) => topicVectors(texts, 1),
    embedQueries: async (texts) => topicVectors(texts, 1),
    dispose: async () => undefined,
  };
  const folder = await EvaluationFolder.open(path, { salt });
  try {
    const queries = new RememberingEmbedder(teacher, folder.vectors);
    const student = chunkContender(
      'student',
      (chunks) => ({
        description: { id: 'cem', revision: `salt-${salt}`, dimension, settings: { queries: teacher.description } },
        encodeQueries: (texts) => queries.embedQueries(texts),
        async encodeCorpus(ids) {
          const frames = await Promise.all(ids.map((id) => chunks.compressedChunk(chunks.chunksOf(id)[0]!)));
          const literals = frames.map((frame) => Buffer.from(parseFrame(frame).literals).toString('latin1'));
          return { ...topicVectors(literals, salt), owners: Int32Array.from(ids.keys()) };
        },
      }),
      { limit: 1024, unit: 'symbols a passage' },
    );
    const { evaluation, details } = await evaluateEncoders({
      data,
      candidates: 'corpus',
      contenders: [textContender('teacher', queries), student, bm25Contender(), randomContender(dimension)],
      pack: { level: 3, dictionarySize: 0 },
      vectorLog: folder.vectors,
      onRankings: folder.addRankings,
    });
    const origin = { dataset: 'scifact', split: 'test' };
    await folder.finish({ ...evaluation, ...origin }, details, data, { ...origin, language: 'eng-Latn' });
  } finally {
    await folder.close();
  }
}
