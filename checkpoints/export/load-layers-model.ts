import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { CemModel, tf } from '../../model/index.ts';
import { HashTables } from '../../model/tables/index.ts';
import '../../model/layers/index.ts';
import { CemError, FormatError } from '../../base/index.ts';
import { readSafetensors } from '../store/safetensors.ts';
import { type ExportDescription, readExportDescription } from './export-description.ts';
import { fileDigest } from './file-digest.ts';
import { layersModelFiles } from './layers-model.ts';

/**
 * Loads what `cem export --format layers-model` wrote, graph and tables, as an encoder of compressed chunks. The caller disposes it.
 *
 * @throws CemError `EXPORT_MISSING`, `EXPORT_FORMAT` (an export of another format); FormatError `EXPORT_MALFORMED`, `EXPORT_HASH` (a file is missing or not what was
 * written), `LAYERS_MODEL_MALFORMED`, `SAFETENSORS_MALFORMED`
 */
export async function loadLayersModelExport(folder: string): Promise<{ model: CemModel; description: ExportDescription }> {
  const description = await readExportDescription(folder);
  if (description.weights !== 'layers-model') {
    throw new CemError(
      'EXPORT_FORMAT',
      `${folder} is an export as ${description.weights}; load it as a checkpoint, or export it again with --format layers-model`,
      { details: { folder, weights: description.weights } },
    );
  }
  for (const [file, expected] of Object.entries(description.sha256)) await checkFile(folder, file, expected);
  const tables = await readTables(folder, description);
  const graph = await tf.loadLayersModel(layersModelFiles(folder));
  return { model: new CemModel(description.model, description.output.dimension, graph, tables), description };
}

async function readTables(folder: string, { tables: { file, names, dimension, rows } }: ExportDescription): Promise<HashTables> {
  const path = join(folder, file);
  const arrays = await readSafetensors(path);
  const tables = new HashTables(dimension, names.length - 1, rows);
  tables.tables.forEach((table, index) => {
    const name = names[index]!;
    const found = arrays.get(name);
    if (found?.data.length !== table.length) {
      throw new FormatError(
        'EXPORT_MALFORMED',
        `${path}: "${name}" should hold ${table.length} numbers, got ${found?.data.length ?? 'nothing'}; export the checkpoint again`,
        { details: { path, name, expected: table.length, found: found?.data.length } },
      );
    }
    table.set(found.data);
  });
  return tables;
}

async function checkFile(folder: string, file: string, expected: string): Promise<void> {
  const path = join(folder, file);
  const damaged = (what: string, cause?: unknown) =>
    new FormatError('EXPORT_HASH', `${path} ${what}; the export is damaged, export the checkpoint again`, {
      details: { path, expected },
      cause,
    });
  try {
    await access(path);
  } catch (cause) {
    throw damaged('is missing', cause);
  }
  if ((await fileDigest(path)) !== expected) throw damaged('is not the file that was written');
}
