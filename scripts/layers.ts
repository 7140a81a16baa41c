/**
 * `npm run layers`: writes the linter's rules of who may import from whom into biome.json, from the one table below.
 * tests/meta/layers.test.ts holds both biome.json and the imports themselves against it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The folders of the sources, lowest first (ARCHITECTURE.md). A folder imports from those of earlier rows; folders of one row do not import each other. */
export const LAYERS: readonly (readonly string[])[] = [
  ['base'],
  ['zpkg'],
  ['encoders'],
  ['model'],
  ['data'],
  ['checkpoints', 'search'],
  ['training', 'eval', 'ingest', 'rag'],
  ['configs'],
  ['recipes'],
  ['server'],
  ['cli'],
];

/** Folders that may import from everywhere, and that no source may import from. */
export const OUTSIDE = ['bench', 'examples', 'scripts', 'tests'] as const;

const BIOME = fileURLToPath(new URL('../biome.json', import.meta.url));

/** Folders that a source folder may import from, besides itself. */
export function allowedFolders(folder: string): string[] {
  const layer = LAYERS.findIndex((folders) => folders.includes(folder));
  return LAYERS.slice(0, layer).flat();
}

/** Biome's override for one folder: its imports of what stands beside or above it are errors. */
function overrideOf(folder: string): object {
  const allowed = allowedFolders(folder);
  const denied = [...LAYERS.flat(), ...OUTSIDE].filter((other) => other !== folder && !allowed.includes(other));
  const message = `${folder}/ may import only from: ${[folder, ...allowed].join(', ')} (scripts/layers.ts).`;
  const patterns = [{ group: denied.map((other) => `**/../${other}/**`), message }];
  return {
    includes: [`${folder}/**/*.ts`],
    linter: { rules: { style: { noRestrictedImports: { level: 'error', options: { patterns } } } } },
  };
}

/** biome.json with the rules of the table in place of those that stand there. */
export function withLayerRules(biome: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const overrides = (biome['overrides'] ?? []) as { linter?: { rules?: { style?: { noRestrictedImports?: object } } } }[];
  const others = overrides.filter(({ linter }) => linter?.rules?.style?.noRestrictedImports === undefined);
  return { ...biome, overrides: [...LAYERS.flat().map(overrideOf), ...others] };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const biome = JSON.parse(await readFile(BIOME, 'utf8')) as Record<string, unknown>;
  await writeFile(BIOME, `${JSON.stringify(withLayerRules(biome), null, 2)}\n`);
}
