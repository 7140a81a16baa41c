import { type ExportFormat, type ExportResult, exportEncoder as exportLoaded } from '../../checkpoints/export/index.ts';
import { type DensePrecision, loadStudent, type TablePrecision } from '../../checkpoints/index.ts';
import { type OnBackend, useBackend } from '../shared/backend.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { given } from '../shared/given.ts';

export interface ExportEncoderOptions extends LongCall, OnBackend {
  /** A checkpoint, or a run folder (its newest checkpoint); `evaluation*.json` there goes into the card. */
  readonly checkpoint: string;
  /** The folder to make. */
  readonly output: string;
  /** What the weights are written as; `safetensors` unless given. */
  readonly format?: ExportFormat | undefined;
  /** Replace an earlier export. */
  readonly force?: boolean | undefined;
  /** For safetensors: what the weights are stored as; by default what the checkpoint has. */
  readonly precision?: DensePrecision | undefined;
  /** For safetensors: what the embedding tables are stored as; by default as `precision`. */
  readonly tables?: TablePrecision | undefined;
  /** Markdown that goes into the model card: licences, and the like. */
  readonly notes?: string | undefined;
  /** Folder with the checkpoint's teacher, whose vectors of a few texts are recorded where the checkpoint lacks them. */
  readonly models?: string | undefined;
}

export interface ExportedEncoder extends ExportResult {
  readonly checkpoint: { readonly path: string; readonly hash: string; readonly step: number };
  readonly backend: string;
}

/** Writes a trained encoder as a folder that can be carried away, with a model card. Throws what `loadStudent` and `exportEncoder` of checkpoints/ throw. */
export async function exportEncoder(options: ExportEncoderOptions): Promise<ExportedEncoder> {
  const { format = 'safetensors', force, precision, tables, notes, models } = options;
  const backend = await useBackend(options, listenerOf(options));
  using loaded = await loadStudent(options.checkpoint, 'training');
  const result = await exportLoaded(loaded, options.output, { format, ...given({ force, precision, tables, notes, models }) });
  const checkpoint = { path: loaded.folder, hash: loaded.hash, step: loaded.state.step };
  return { ...result, checkpoint, backend: backend.name };
}
