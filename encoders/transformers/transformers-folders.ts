import { existsSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { cacheFolder } from '../../base/index.ts';
import type { TransformersConfig } from '../teacher-config.ts';
import { hubName, modelName } from './transformers-presets.ts';

/** What says where a model's files lie. */
export type TransformersFiles = Pick<TransformersConfig, 'model' | 'revision' | 'remote' | 'dtype'> & {
  /** Which of a repository's files are meant, where it is not those of one whole model: downloads of these are marked by themselves. */
  readonly part?: 'towers';
};

/** Where the files of a model lie, or will. */
export interface TransformersFolders {
  /** The model that is at hand: a folder, or an earlier download. */
  readonly local: string | undefined;
  /** Where it was looked for, folders and then the earlier download. */
  readonly searched: readonly string[];
  /** What the hub may have of it; undefined for what can only be a path. */
  readonly hub: HubModel | undefined;
}

/** A model of the hub. */
export interface HubModel {
  readonly name: string;
  /** Where downloads are kept, of all models and of this one. */
  readonly cache: string;
  readonly folder: string;
  /** Stands in the download's folder once everything that this dtype needs has been loaded from it. */
  readonly mark: string;
}

/** Looks a model up, without loading anything: a folder goes before a download. */
export function findTransformersModel(config: TransformersFiles, models?: string): TransformersFolders {
  const hub = hubModel(config);
  const folders = possibleFolders(config.model, hub?.name, models);
  const found = folders.find((folder) => existsSync(join(folder, 'config.json')));
  return {
    local: found ?? (hub && existsSync(hub.mark) ? hub.folder : undefined),
    searched: hub ? [...folders, hub.folder] : folders,
    hub,
  };
}

function hubModel({ model, revision, dtype, part }: TransformersFiles): HubModel | undefined {
  const name = hubName(model);
  if (name === undefined) return undefined;
  const cache = join(cacheFolder(), 'models');
  // Where transformers.js puts what it downloads: another revision than main has a folder of its own.
  const folder = join(cache, name, revision === 'main' ? '' : revision);
  return { name, cache, folder, mark: join(folder, `.complete-${part === undefined ? '' : `${part}-`}${dtype}`) };
}

/** Below `models` a folder of that name (whole id, its last part, or the hub's name), else the model as a path. */
function possibleFolders(model: string, hub: string | undefined, models: string | undefined): string[] {
  const names = [...(isAbsolute(model) ? [] : [model]), modelName(model), ...(hub === undefined ? [] : [hub])];
  const below = models === undefined ? [] : names.map((name) => join(models, name));
  return [...new Set([...below, model].map((path) => resolve(path)))];
}
