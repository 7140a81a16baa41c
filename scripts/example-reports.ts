/** `node --import tsx scripts/example-reports.ts` writes the documents and questions of examples/finance and examples/medical. The same numbers come out every time; tests/scripts/example-reports.test.ts holds the files against it. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { drawFinance } from './example-reports/draw-finance.ts';
import { drawMedical } from './example-reports/draw-medical.ts';

/** Files by folder of examples/ and name. */
export const EXAMPLES: ReadonlyMap<string, () => ReadonlyMap<string, string>> = new Map([
  ['finance', drawFinance],
  ['medical', drawMedical],
]);

async function writeExamples(root: string): Promise<void> {
  for (const [name, draw] of EXAMPLES) {
    for (const [file, text] of draw()) {
      await mkdir(dirname(join(root, name, file)), { recursive: true });
      await writeFile(join(root, name, file), text);
    }
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  await writeExamples(fileURLToPath(new URL('../examples', import.meta.url)));
