/** Metadata and labels of access: a filter is part of the store's own query, so that nobody is shown what is not for them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildIndex, type Document, openSearcher, pack } from 'cem-rag';
import { type Filter, withAccess } from 'cem-rag/search';

const title = 'Passwords';
const documents: Document[] = [
  { id: 'now', title, text: 'A forgotten password is reset by a link.', metadata: { fields: { year: 2024 } } },
  { id: 'then', title, text: 'A forgotten password was reset by a letter.', metadata: { fields: { year: 1999 } } },
  {
    id: 'board',
    title,
    text: 'The forgotten password of the vault lies with the board.',
    metadata: { labels: ['board'], fields: { year: 2024 } },
  },
];

const folder = await mkdtemp(join(tmpdir(), 'cem-filter-'));
const corpus = join(folder, 'passwords.zpkg');
const index = join(folder, 'passwords.index');
try {
  await pack({ source: documents, output: corpus, dictionarySize: 0 });
  await buildIndex({ corpus, index });
  await using searcher = await openSearcher(index);
  const ask = async (filter?: Filter): Promise<string> => {
    const results = await searcher.search('forgotten password', { k: 10, filter });
    const ids = results.map(({ document }) => document);
    return ids.sort().join(' ');
  };

  const recent: Filter = { field: 'fields.year', range: { gte: 2020 } };
  console.log(`without a filter: ${await ask()}`);
  console.log(`recent: ${await ask(recent)}`);
  // What a user asks for is put inside what the user may see.
  console.log(`recent, for the board: ${await ask(withAccess(recent, ['board']))}`);
  console.log(`recent, for others: ${await ask(withAccess(recent, []))}`);
} finally {
  await rm(folder, { recursive: true });
}
