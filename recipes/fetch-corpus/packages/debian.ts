import { mkdir, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { exists } from '../../../base/index.ts';
import { runTool } from './run-tool.ts';

/** Settings under which apt keeps lists and archives in a folder of ours: nothing of the system is changed, and nobody has to be root. */
async function privateSettings(folder: string): Promise<string[]> {
  const own = resolve(folder, 'apt');
  await Promise.all(['lists/partial', 'cache/archives/partial'].map((path) => mkdir(join(own, path), { recursive: true })));
  const settings = {
    'Dir::State::Lists': join(own, 'lists'),
    'Dir::Cache': join(own, 'cache'),
    'Acquire::Languages': 'en',
    // Lists as plain text, which this program reads.
    'Acquire::GzipIndexes': 'false',
    'APT::Sandbox::User': '',
    'Debug::NoLocking': 'true',
  };
  return Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
}

/** Reads the registry's lists once: those of the sources that the machine's apt is set to. */
export async function debianLists(folder: string, signal: AbortSignal | undefined): Promise<string> {
  const lists = resolve(folder, 'apt', 'lists');
  if ((await descriptionFiles(lists)).length > 0) return lists;
  await runTool('apt-get', [...(await privateSettings(folder)), 'update'], { signal });
  return lists;
}

/** Files of the descriptions in English. */
export async function descriptionFiles(lists: string): Promise<string[]> {
  if (!(await exists(lists))) return [];
  return (await readdir(lists)).filter((name) => /_Translation-en$/.test(name)).sort();
}

/** Downloads a package into a folder. */
export async function downloadDebian(
  name: string,
  into: string,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal | undefined },
): Promise<void> {
  await debianLists(folder, signal);
  await runTool('apt-get', [...(await privateSettings(folder)), 'download', name], { folder: into, signal });
}

/** Version of a package by its file's name, `name_version_architecture.deb`, where a colon is written %3a. */
export function debianVersion(file: string): string {
  return decodeURIComponent(file.split('_')[1] ?? '');
}
