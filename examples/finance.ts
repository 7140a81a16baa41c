/** Annual reports of two companies in English and Chinese: chapters are units with their year, questions name a range of years, and each number is cited with its cell. scripts/example-reports.ts draws the reports. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ingest, openCollection } from 'cem-rag';
import { openAnswerer, searchUnits } from 'cem-rag/recipes';
import type { Filter } from 'cem-rag/search';

interface Question {
  readonly question: string;
  readonly from: number;
  readonly to: number;
  readonly cells: readonly { readonly text: string; readonly row: string; readonly column: string }[];
}

const home = fileURLToPath(new URL('finance', import.meta.url));
const lines = (await readFile(join(home, 'questions.jsonl'), 'utf8')).trim().split('\n');
const questions = lines.map((line) => JSON.parse(line) as Question);

const folder = await mkdtemp(join(tmpdir(), 'cem-finance-'));
const into = join(folder, 'reports.collection');
try {
  // A chapter is a unit; the year of a report is a field of its chapters, and the quarter of those that are about one.
  const units = { minimumTokens: 0, maximumTokens: 512 };
  const { documents } = await ingest({ paths: [join(home, 'reports')], into, units, periods: true });
  console.log(`${documents} chapters`);

  await using searcher = await openCollection(into);
  await using answerer = await openAnswerer({ search: searchUnits(searcher), k: 6 });
  let right = 0;
  for (const { question, from, to, cells } of questions) {
    const filter: Filter = { field: 'fields.year', range: { gte: from, lte: to } };
    const { answer, citations } = await answerer.answer({ question, filter });
    const isRight = cells.every(({ text, row, column }) =>
      citations.some((cited) => cited.text === text && cited.cell?.row === row && cited.cell.column === column),
    );
    if (isRight && citations.length === cells.length) right++;
    console.log(`${question}\n  ${answer}`);
  }
  console.log(`${right} of ${questions.length} right, each number with its cell`);
} finally {
  await rm(folder, { recursive: true });
}
