import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { cacheFolder } from './cache-folder.ts';
import type { TransformersConfig } from './teacher-config.ts';
import { modelName } from './transformers-presets.ts';

/** Where the files of a model lie, or will. */
interface TransformersFolders {
  /** The model that is at hand: a folder, or an earlier download. */
  readonly local: string | undefined;
  /** Where downloads are kept, of all models and of this one. */
  readonly cache: string;
  readonly download: string;
  /** Stands in the download's folder once everything that this dtype needs has been loaded from it. */
  readonly mark: string;
}

/** Looks a model up, without loading anything. */
export function findTransformersModel(config: TransformersConfig, models?: string): TransformersFolders {
  const cache = join(cacheFolder(), 'models');
  // Where transformers.js puts what it downloads: another revision than main has a folder of its own.
  const download = join(cache, config.model, config.revision === 'main' ? '' : config.revision);
  const mark = join(download, `.complete-${config.dtype}`);
  const local = findModelFolder(config.model, models) ?? (existsSync(mark) ? download : undefined);
  return { local, cache, download, mark };
}

/** The folder of a model that is at hand: a path as it stands, or a folder of that name (whole id, or its last part) below `models`. */
function findModelFolder(model: string, models?: string): string | undefined {
  const candidates = models === undefined ? [model] : [join(models, model), join(models, modelName(model)), model];
  const found = candidates.find((candidate) => existsSync(join(candidate, 'config.json')));
  return found === undefined ? undefined : resolve(found);
}
