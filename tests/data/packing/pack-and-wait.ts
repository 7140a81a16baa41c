// Run by pack.test.ts in a process of its own: packs documents that never end, says so on standard output, and is killed.
import { type Document, packCorpus } from '../../../data/index.ts';

const [, , output = '', force] = process.argv;
let pass = 0;

async function* documents(): AsyncGenerator<Document> {
  pass += 1;
  for (let number = 0; number < 3000; number++)
    yield { id: String(number), title: '', text: `document ${number} ${'text '.repeat(number % 50)}` };
  if (pass === 1) return;
  process.stdout.write('waiting\n');
  await new Promise((resolve) => setTimeout(resolve, 60_000));
}

await packCorpus(documents, output, { level: 1, force: force === 'true', dictionarySize: 0 });
