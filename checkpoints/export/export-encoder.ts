import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CemError, copySynced, syncFolder, UsageError } from '../../base/index.ts';
import type { TeacherProbe } from '../../encoders/index.ts';
import { LsaEmbedder } from '../../encoders/index.ts';
import type { LoadedStudent } from '../load/load-student.ts';
import {
  type CheckpointState,
  copyWeights,
  loadCheckpoint,
  MODEL_FILE,
  QUERY_FOLDER,
  STATE_FILE,
  TABLES_FILE,
  tableArrays,
  writeWeights,
} from '../store/checkpoint.ts';
import type { DensePrecision, TablePrecision } from '../store/compact-weights.ts';
import { KNOWN_TEXT_FILE } from '../store/known-text.ts';
import { writeSafetensors } from '../store/safetensors.ts';
import { DESCRIPTION_FILE, describeExport, type ExportFormat } from './export-description.ts';
import { exportProbe } from './export-probe.ts';
import { fileDigest } from './file-digest.ts';
import { knownEvaluations } from './known-evaluations.ts';
import { writeLayersModel } from './layers-model.ts';
import { modelCard } from './model-card.ts';
import { writeOnnxModel } from './onnx/onnx-model.ts';
import { checkOutput, writeFolder } from './output-folder.ts';

const CARD_FILE = 'README.md';
const TEACHER_FOLDER = 'teacher';

export interface ExportOptions {
  readonly format: ExportFormat;
  /** Replace an earlier export. */
  readonly force?: boolean;
  /** For `safetensors`: what the weights of the graph are stored as; by default what the checkpoint has. */
  readonly precision?: DensePrecision;
  /** For `safetensors`: what the tables are stored as; by default `precision`, and without that what the checkpoint has. */
  readonly tables?: TablePrecision;
  /** Markdown that goes into the model card: licences of the data, and whatever else a reader should know. */
  readonly notes?: string;
  /** Folder in which the teacher is looked up, whose vectors the export records where the checkpoint does not. */
  readonly models?: string;
}

/** What weights are stored as. */
interface Precisions {
  readonly dense: DensePrecision;
  readonly tables: TablePrecision;
}

const FULL_PRECISION: Precisions = { dense: 'fp32', tables: 'fp32' };

/** What an export wrote. */
export interface ExportResult {
  /** Absolute path of the folder. */
  readonly output: string;
  readonly format: ExportFormat;
  readonly files: readonly { readonly file: string; readonly bytes: number }[];
  /** All files together. */
  readonly bytes: number;
  /** Files whose figures stand in the model card. */
  readonly evaluations: readonly string[];
  /** Content hash of what was written: another one than the checkpoint's where its weights were rounded. */
  readonly hash: string;
  /** Whether the export says what its teacher computes, so that another conversion of the teacher's weights is recognised; `origin` says whence, or why not. */
  readonly probe: { readonly recorded: boolean; readonly origin: string };
}

/**
 * Writes a checkpoint's encoder as a folder that can be carried away: weights, tables, a fitted teacher, with `safetensors` the query student, a description for programs and a model card; no optimiser state.
 *
 * `safetensors`: a checkpoint again, which `loadStudent` loads; its weights may be rounded, which makes other weights with a content hash of their own. `layers-model`: the graph as `tf.loadLayersModel` reads it, see `loadLayersModelExport`. `onnx`: the graph for any ONNX
 * runtime, see `writeOnnxModel`.
 *
 * @param loaded in memory as a whole (`loadStudent(…, 'training')`) where tables are to be written anew
 * @throws UsageError `EXPORT_EXISTS`, `EXPORT_NOT_REPLACEABLE`, `EXPORT_PRECISION`; CemError `EXPORT_PRECISION` for weights that are too large for float16, `EXPORT_TEACHER_MISSING` when a fitted teacher is no longer beside the checkpoint, `EXPORT_WRITE`; what
 * `LsaEmbedder.load` and, where the teacher is to be recorded, `createTeacher` throw
 */
export async function exportEncoder(loaded: LoadedStudent, output: string, options: ExportOptions): Promise<ExportResult> {
  const { format, force = false } = options;
  const stored = loaded.state.storage ?? FULL_PRECISION;
  const wanted = wantedPrecisions(options, stored);
  const rounded = wanted.dense !== stored.dense || wanted.tables !== stored.tables;
  await checkOutput(output, { force, marker: DESCRIPTION_FILE });
  const teacher = await fittedTeacher(loaded);
  const original = loaded.state.storage?.roundedFrom;
  const evaluations = await knownEvaluations(loaded.folder, [loaded.hash, ...(original === undefined ? [] : [original])]);
  const { probe, origin } = await exportProbe(loaded, teacher, options.models);
  const source = withProbe(loaded.state, probe);
  let state: CheckpointState = source;
  await writeFolder(output, { replace: force }, async (folder) => {
    const numbers = [TABLES_FILE];
    if (format === 'safetensors' && rounded) {
      const storage = { ...wanted, roundedFrom: original ?? loaded.hash };
      const query = loaded.query && { contentHash: await writeRoundedQuery(loaded.query.folder, folder, wanted) };
      state = await writeWeights(folder, loaded.student, { ...withoutFormat(source), storage, ...(query && { query }) });
    } else if (stored.tables === 'fp32' || format === 'safetensors') {
      await copySynced(join(loaded.folder, TABLES_FILE), join(folder, TABLES_FILE));
    } else {
      await writeSafetensors(join(folder, TABLES_FILE), tableArrays(loaded.student), { format: 'cem' });
    }
    if (format === 'safetensors') {
      if (!rounded) {
        for (const file of [MODEL_FILE, STATE_FILE]) await copySynced(join(loaded.folder, file), join(folder, file));
        if (source !== loaded.state)
          await writeFile(join(folder, STATE_FILE), `${JSON.stringify(source, null, 2)}\n`, { flush: true });
        if (loaded.query) await copyWeights(loaded.query.folder, join(folder, QUERY_FOLDER));
      }
      numbers.push(MODEL_FILE, ...(loaded.query ? [join(QUERY_FOLDER, MODEL_FILE), join(QUERY_FOLDER, TABLES_FILE)] : []));
    } else if (format === 'layers-model') {
      numbers.push(...(await writeLayersModel(loaded.student.graph, folder)));
    } else {
      numbers.push(...(await writeOnnxModel(loaded.student.graph, loaded.student.config, folder)));
    }
    if (teacher) {
      await mkdir(join(folder, TEACHER_FOLDER));
      await teacher.save(join(folder, TEACHER_FOLDER));
    }
    if (loaded.knownText) await copySynced(loaded.knownText, join(folder, KNOWN_TEXT_FILE));
    for (const { file, text } of evaluations) await writeFile(join(folder, file), text, { flush: true });
    const sha256: Record<string, string> = {};
    for (const file of numbers) sha256[file] = await fileDigest(join(folder, file));
    const description = describeExport(state, format, teacher ? TEACHER_FOLDER : null, sha256);
    await writeFile(join(folder, DESCRIPTION_FILE), `${JSON.stringify(description, null, 2)}\n`, { flush: true });
    const card = modelCard(state, description, (await readdir(folder)).sort(), evaluations, options.notes);
    await writeFile(join(folder, CARD_FILE), card, { flush: true });
  });
  const files = await filesOf(resolve(output));
  return {
    output: resolve(output),
    format,
    files,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    evaluations: evaluations.map(({ file }) => file),
    hash: state.contentHash,
    probe: { recorded: probe !== undefined, origin },
  };
}

/**
 * Writes a checkpoint's query student with rounded weights into the folder of an export.
 *
 * @returns its new content hash
 */
async function writeRoundedQuery(from: string, folder: string, wanted: Precisions): Promise<string> {
  const { model, state } = await loadCheckpoint(from);
  try {
    const to = join(folder, QUERY_FOLDER);
    await mkdir(to);
    const storage = { ...wanted, roundedFrom: state.storage?.roundedFrom ?? state.contentHash };
    const { contentHash } = await writeWeights(to, model, { ...withoutFormat(state), storage });
    await syncFolder(to);
    return contentHash;
  } finally {
    model.dispose();
  }
}

/** @throws UsageError `EXPORT_PRECISION` where the format has no choice */
function wantedPrecisions({ format, precision, tables }: ExportOptions, stored: Precisions): Precisions {
  if (format !== 'safetensors' && (precision !== undefined || tables !== undefined)) {
    throw new UsageError(
      'EXPORT_PRECISION',
      `an export as ${format} is float32: leave --precision and --tables to --format safetensors`,
    );
  }
  return { dense: precision ?? stored.dense, tables: tables ?? precision ?? stored.tables };
}

/** The state with the vectors that its teacher is recognised by. */
function withProbe(state: CheckpointState, probe: TeacherProbe | undefined): CheckpointState {
  return probe === state.teacher.probe ? state : { ...state, teacher: { ...state.teacher, probe } };
}

/** A state whose version and hash are to be written anew. */
function withoutFormat({
  formatVersion: _version,
  contentHash: _hash,
  ...state
}: CheckpointState): Omit<CheckpointState, 'contentHash' | 'formatVersion'> {
  return state;
}

/** The teacher that was fitted in the run; undefined for those that are found by name. */
async function fittedTeacher({ teacher, teacherFolder, folder }: LoadedStudent): Promise<LsaEmbedder | undefined> {
  if (teacher.kind !== 'lsa') return undefined;
  if (teacherFolder !== undefined) return LsaEmbedder.load(teacherFolder);
  throw new CemError(
    'EXPORT_TEACHER_MISSING',
    `the fitted ${teacher.kind} teacher of ${folder} is gone: without it nobody could embed queries; put the run's teacher/ folder back beside checkpoints/`,
    { details: { folder } },
  );
}

async function filesOf(folder: string): Promise<{ file: string; bytes: number }[]> {
  const files: { file: string; bytes: number }[] = [];
  for (const file of (await readdir(folder, { recursive: true })).sort()) {
    const entry = await stat(join(folder, file));
    if (entry.isFile()) files.push({ file, bytes: entry.size });
  }
  return files;
}
