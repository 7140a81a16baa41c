/**
 * `npm run docs`: writes the references below docs/ from the code: configuration.md from the schemas, commands.md from the commands,
 * http.md from the schemas of the server. tests/meta/docs.test.ts
 * holds the committed files against what this gives.
 */
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { commandsReference } from './docs/commands-reference.ts';
import { configurationReference } from './docs/configuration-reference.ts';
import { httpReference } from './docs/http-reference.ts';

/** Every generated file: its path from the root, and its text. */
export async function generatedDocuments(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ['docs/configuration.md', configurationReference()],
    ['docs/commands.md', await commandsReference()],
    ['docs/http.md', httpReference()],
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of await generatedDocuments()) {
    await writeFile(new URL(`../${path}`, import.meta.url), text);
    process.stdout.write(`docs: ${path}\n`);
  }
}
