import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closing, inStage, type Listener } from '../../base/index.ts';
import {
  type KnownShare,
  type LoadedStudent,
  loadStudent,
  loadTeacher,
  readKnownText,
  shareKnown,
  teacherPlaces,
} from '../../checkpoints/index.ts';
import {
  corpusSaving,
  type DetectedLanguage,
  type Document,
  DocumentReader,
  documentText,
  languageOfTexts,
  packCorpus,
} from '../../data/index.ts';
import { isTeacherAtHand } from '../../encoders/index.ts';
import { type OnBackend, useBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { checkpointOrDefault } from '../shared/default-checkpoint.ts';
import { type DocumentSource, documentsOf } from '../shared/document-source.ts';
import { drawDocuments } from '../shared/draw-documents.ts';
import { modelsFolder } from '../shared/models-folder.ts';
import { type CorpusAdvice, corpusAdvice } from './corpus-advice.ts';

export interface CheckCorpusOptions extends LongCall, OnBackend {
  /** What is to be indexed: a folder of texts, a JSONL file, a BEIR folder (only its documents are read), or documents. */
  readonly corpus: DocumentSource;
  /** A checkpoint's folder or a run's; by default CEM_CHECKPOINT, else the one that comes with the package. */
  readonly checkpoint?: string | undefined;
  /** Documents that are looked at, at most: 1,000 unless given. */
  readonly sample?: number | undefined;
  /** Of these, documents whose vectors are held against the teacher's, at most: 100 unless given; 0 for none. */
  readonly compared?: number | undefined;
  /** Folder in which the teacher is looked up. It is not downloaded for this. */
  readonly models?: string | undefined;
  readonly seed?: number | undefined;
}

/** How near the student's vectors of passages are to the teacher's. */
export interface TeacherAgreement {
  readonly passages: number;
  /** Mean cosine. */
  readonly cosine: number;
  /** Mean cosine of a passage's student vector with the teacher's vectors of other passages: what agreement by chance is. */
  readonly chance: number;
  /** Share of the passages whose own teacher vector is the nearest of all to the student's. */
  readonly nearest: number;
}

export interface CorpusCheck {
  readonly checkpoint: { readonly path: string; readonly hash: string };
  /** Documents of the corpus with a text, and how many were looked at. */
  readonly documents: { readonly corpus: number; readonly sampled: number };
  readonly language: DetectedLanguage;
  /** Languages that the checkpoint was trained on; null where it does not say. */
  readonly checkpointLanguages: readonly { readonly language: string; readonly share: number }[] | null;
  /** Words and n-grams of the sample that the checkpoint was trained on; null where it does not say. */
  readonly known: KnownShare | null;
  /** Null where the teacher is not on this machine, or was not asked for. */
  readonly agreement: TeacherAgreement | null;
  /** What the sample takes less, packed with a dictionary of its own. */
  readonly saving: number;
  readonly advice: CorpusAdvice;
  readonly seconds: number;
}

const SAMPLE = 1000;
const COMPARED = 100;

/**
 * Says, before anything is indexed, how far a checkpoint knows a corpus, and advises to use it as it is, to adapt it (`cem adapt`), or to train another.
 *
 * @throws UsageError `CHECKPOINT_NEEDED`; CemError `CORPUS_NO_TEXT`; and what reading the corpus and `loadStudent` throw
 */
export async function checkCorpus(options: CheckCorpusOptions): Promise<CorpusCheck> {
  const start = performance.now();
  const { seed = 1, sample = SAMPLE, compared = COMPARED, signal } = options;
  const listener = listenerOf(options);
  const path = checkpointOrDefault(options.checkpoint);
  await useBackend(options, listener);
  using loaded = await loadStudent(path);
  const known = await readKnownText(loaded.folder);
  const { documents, of } = await drawDocuments(documentsOf(options.corpus, listener, signal)(), { seed, most: sample });
  const texts = documents.map(documentText);
  const folder = await mkdtemp(join(tmpdir(), 'cem-check-corpus-'));
  await using _folder = closing(() => rm(folder, { recursive: true, force: true }));
  const zpkg = join(folder, 'sample.zpkg');
  const saving = await pack(documents, zpkg, loaded, listener);
  const agreement =
    compared === 0
      ? null
      : await compareVectors(loaded, zpkg, documents, { compared, models: modelsFolder(options.models), listener });
  const language = languageOfTexts(texts);
  const found = known === undefined ? null : shareKnown(known, texts);
  const languages = known?.languages.filter((one) => one.language !== 'und') ?? null;
  return {
    checkpoint: { path: loaded.folder, hash: loaded.hash },
    documents: { corpus: of, sampled: documents.length },
    language,
    checkpointLanguages: languages,
    known: found,
    agreement,
    saving,
    advice: corpusAdvice({
      language: language.language,
      languages: languages?.map((one) => one.language),
      known: found,
      agreement,
    }),
    seconds: (performance.now() - start) / 1000,
  };
}

function pack(documents: readonly Document[], zpkg: string, { state }: LoadedStudent, listener: Listener): Promise<number> {
  return inStage(
    listener,
    'pack the sample',
    async (stage) => {
      const { level, targetChunkSize, dictionarySize, passageSize = 0, passageOverlap = 0 } = state.pack;
      await packCorpus(
        async function* () {
          yield* documents;
        },
        zpkg,
        {
          level,
          targetChunkSize,
          dictionarySize,
          passageSize,
          passageOverlap,
          metadata: false,
          onProgress: (_, done, total) => stage.progress(done, total),
        },
      );
      return corpusSaving(zpkg);
    },
    (saving) => `saving ${(100 * saving).toFixed(1)}%`,
  );
}

interface Comparing {
  readonly compared: number;
  readonly models: string | undefined;
  readonly listener: Listener;
}

/** Holds the student's vectors of the first chunks of some documents against the teacher's vectors of the same text. */
async function compareVectors(
  loaded: LoadedStudent,
  zpkg: string,
  documents: readonly Document[],
  { compared, models, listener }: Comparing,
): Promise<TeacherAgreement | null> {
  if (!isTeacherAtHand(loaded.teacher, teacherPlaces(loaded, models))) {
    listener.note(
      'the teacher is not on this machine, so the vectors are not held against its own; name its folder with --models',
    );
    return null;
  }
  const teacher = await loadTeacher(loaded, { models, note: (line) => listener.note(line) });
  await using _teacher = closing(() => teacher.dispose());
  const reader = await DocumentReader.open(zpkg);
  await using _reader = closing(() => reader.close());
  // Documents of one chunk: the chunk's text is the document's.
  const whole = documents.filter(({ id }) => reader.chunksOf(id).length === 1).slice(0, compared);
  if (whole.length < 2) return null;
  return await inStage(
    listener,
    'compare with the teacher',
    async (stage) => {
      const targets = await teacher.embedDocuments(whole.map(documentText), (done, total) => stage.progress(done, total));
      const frames = await Promise.all(whole.map(({ id }) => reader.compressedChunk(reader.chunksOf(id)[0]!)));
      const vectors = await loaded.student.encodeChunks(frames, reader.dictionary);
      return agreementOf(vectors.data, targets.data, targets.dimension);
    },
    ({ cosine }) => `mean cosine ${cosine.toFixed(3)}`,
  );
}

/** @param students, targets [passages, dimension] of length 1 each */
export function agreementOf(students: Float32Array, targets: Float32Array, dimension: number): TeacherAgreement {
  const passages = targets.length / dimension;
  let [own, others, nearest] = [0, 0, 0];
  for (let row = 0; row < passages; row++) {
    let [best, at] = [Number.NEGATIVE_INFINITY, -1];
    for (let other = 0; other < passages; other++) {
      let cosine = 0;
      for (let i = 0; i < dimension; i++) cosine += students[row * dimension + i]! * targets[other * dimension + i]!;
      if (cosine > best) [best, at] = [cosine, other];
      if (other === row) own += cosine;
      else others += cosine;
    }
    if (at === row) nearest++;
  }
  return { passages, cosine: own / passages, chance: others / (passages * (passages - 1)), nearest: nearest / passages };
}
