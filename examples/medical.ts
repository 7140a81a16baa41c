/** Two editions of a guideline in English and Chinese: the newest edition answers unless an older one is asked for, a dose is cited with its cell, and what no edition says is not guessed. scripts/example-reports.ts draws the guidelines. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ingest, openCollection } from 'cem-rag';
import { openAnswerer, searchUnits } from 'cem-rag/recipes';

const guidelines = fileURLToPath(new URL('medical/guidelines', import.meta.url));
const NEWEST = 2022;

const folder = await mkdtemp(join(tmpdir(), 'cem-medical-'));
const into = join(folder, 'guidelines.collection');
try {
  await ingest({ paths: [guidelines], into, units: { minimumTokens: 0, maximumTokens: 256 }, periods: true });
  await using searcher = await openCollection(into);
  await using answerer = await openAnswerer({ search: searchUnits(searcher), k: 6 });
  const ask = async (question: string, year = NEWEST): Promise<string> => {
    const { answer, citations } = await answerer.answer({ question, filter: { field: 'fields.year', equals: year } });
    const cells = citations.map(({ cell, source }) => `${source}: ${cell?.row ?? 'text'}, ${cell?.column ?? ''}`);
    console.log(`${question}\n  ${answer}\n  ${cells.join('\n  ')}`);
    return answer;
  };
  await ask('What is the maximum daily dose of Lumerol for adults?');
  await ask('What was the maximum daily dose of Lumerol for adults?', 2019);
  await ask('络美若不得与什么药物合用？');
  await ask('儿童的起始剂量是多少？');
  console.log(await ask('Which airport serves the capital of Peru?'));
} finally {
  await rm(folder, { recursive: true });
}
