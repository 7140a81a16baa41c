import { z } from 'zod';
import type { TextEmbedder } from '../encoder.ts';

/** One text of a probe, and what the teacher reads it as. */
export interface ProbeText {
  readonly as: 'document' | 'query';
  readonly text: string;
}

/** Longer than 512 tokens and with another subject at its end, so that where a teacher cuts shows in the vector. */
const LONG_TEXT = [
  ...Array.from(
    { length: 24 },
    (_, day) => `On day ${day + 1} the old server wrote its log files to disk, and nobody read them.`,
  ),
  ...Array.from(
    { length: 24 },
    (_, step) => `Step ${step + 1}: cool the milk, add the rennet, cut the curd and let the cheese rest in salt water.`,
  ),
].join(' ');

/**
 * What a teacher is known by: short and long texts, code, and other scripts, as documents and as queries. A change of any of them needs another number of the list in
 * `teacherProbeSchema`, since recorded vectors are those of these texts.
 */
export const PROBE_TEXTS: readonly ProbeText[] = [
  { as: 'document', text: 'A file system keeps the names, sizes and times of files in a table on disk.' },
  { as: 'document', text: LONG_TEXT },
  {
    as: 'document',
    text: 'export function sum(values: readonly number[]): number {\n  return values.reduce((total, value) => total + value, 0); // 0 when there are none\n}',
  },
  { as: 'document', text: 'Die Größe der Datei wächst. Размер файла растёт. 文件的大小在增长。ファイルが大きくなる 🙂' },
  { as: 'query', text: 'how do I read a file line by line' },
  { as: 'query', text: 'table' },
  { as: 'query', text: "TypeError: cannot read properties of undefined (reading 'length')" },
  { as: 'query', text: 'où sont les journaux du système ?' },
];

/**
 * A loaded teacher with another identity is the recorded one when no cosine is below this. Measured for all-MiniLM-L6-v2: 1 - 1e-7 for its graph as onnxruntime optimises it, 0.9993
 * for a conversion to int8 weights, 0.96 when texts are cut at 128 tokens and not 256, 0.38 with another pooling.
 */
export const SAME_TEACHER_COSINE = 0.999;

const FLOAT32_BYTES = 4;

/** Vectors of the probe's texts as a checkpoint and an index keep them. */
export const teacherProbeSchema = z
  .strictObject({
    /** Which list of texts; `PROBE_TEXTS` is the first. */
    texts: z.literal(1),
    dimension: z.int().positive(),
    /** [texts, dimension] float32, little-endian, in base64. */
    vectors: z.base64(),
  })
  .refine(({ dimension, vectors }) => Buffer.byteLength(vectors, 'base64') === PROBE_TEXTS.length * dimension * FLOAT32_BYTES, {
    message: `vectors should hold ${PROBE_TEXTS.length} times dimension float32 numbers`,
  });

/** What a teacher computes for the probe's texts. */
export type TeacherProbe = z.infer<typeof teacherProbeSchema>;

/** The text whose vectors agree least, and their cosine. */
export interface ProbeComparison {
  readonly cosine: number;
  readonly least: ProbeText;
}

/**
 * Has a teacher embed the probe's texts.
 *
 * @returns undefined when it has no vector for half of them (an LSA that was fitted on another language): too little to be known by
 */
export async function probeTeacher(teacher: TextEmbedder): Promise<TeacherProbe | undefined> {
  const vectors = await embedProbe(teacher);
  const zeros = vectors.filter((vector) => vector.every((value) => value === 0)).length;
  if (2 * zeros >= vectors.length) return undefined;
  const { dimension } = teacher.description;
  const bytes = Buffer.alloc(vectors.length * dimension * FLOAT32_BYTES);
  vectors.forEach((vector, row) => {
    vector.forEach((value, index) => {
      bytes.writeFloatLE(value, (row * dimension + index) * FLOAT32_BYTES);
    });
  });
  return { texts: 1, dimension, vectors: bytes.toString('base64') };
}

/** Has a teacher, whose vectors have the probe's dimension, embed the probe's texts, and compares. */
export async function compareWithProbe(teacher: TextEmbedder, probe: TeacherProbe): Promise<ProbeComparison> {
  const recorded = readVectors(probe);
  const comparisons = (await embedProbe(teacher)).map((vector, index) => ({
    cosine: cosine(vector, recorded[index]!),
    least: PROBE_TEXTS[index]!,
  }));
  return comparisons.reduce((least, next) => (next.cosine < least.cosine ? next : least));
}

/** Vectors of the probe's texts, in their order. */
async function embedProbe(teacher: TextEmbedder): Promise<Float32Array[]> {
  const textsOf = (kind: ProbeText['as']) => PROBE_TEXTS.flatMap(({ as, text }) => (as === kind ? [text] : []));
  const documents = await teacher.embedDocuments(textsOf('document'));
  const queries = await teacher.embedQueries(textsOf('query'));
  const next = { document: 0, query: 0 };
  return PROBE_TEXTS.map(({ as }) => {
    const { data, dimension } = as === 'document' ? documents : queries;
    const row = next[as]++;
    return data.subarray(row * dimension, (row + 1) * dimension);
  });
}

function readVectors({ dimension, vectors }: TeacherProbe): Float32Array[] {
  const bytes = Buffer.from(vectors, 'base64');
  return PROBE_TEXTS.map((_, row) =>
    Float32Array.from({ length: dimension }, (_, index) => bytes.readFloatLE((row * dimension + index) * FLOAT32_BYTES)),
  );
}

/** Two zero vectors are alike; a zero vector and any other, or one that holds NaN, are not. */
function cosine(a: Float32Array, b: Float32Array): number {
  let [product, squareA, squareB] = [0, 0, 0];
  for (let index = 0; index < a.length; index++) {
    product += a[index]! * b[index]!;
    squareA += a[index]! ** 2;
    squareB += b[index]! ** 2;
  }
  if (squareA === 0 && squareB === 0) return 1;
  const value = product / Math.sqrt(squareA * squareB);
  return Number.isFinite(value) ? value : 0;
}
