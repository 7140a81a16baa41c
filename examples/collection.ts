/** Files of several formats become a collection, which is searched by words and vectors at once, and follows the files. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ingest, openCollection } from 'cem-rag';

const FILES = {
  'handbook.md':
    '# Handbook\n\n## Keys\n\nA lost laptop is reported at once, so that its keys are revoked.\n\n## Leave\n\nLeave is asked for a week ahead.\n',
  'canteen.html': '<title>Canteen</title><main><h1>Canteen</h1><p>Lunch is served from noon until two.</p></main>',
  'rooms.csv': 'room,seats\nHarbour,12\nLighthouse,4\n',
} as const;

const folder = await mkdtemp(join(tmpdir(), 'cem-collection-'));
const into = join(folder, 'office.collection');
try {
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
  const paths = Object.keys(FILES).map((name) => join(folder, name));
  const first = await ingest({ paths, into });
  console.log(`${first.files.added} files, ${first.documents} units`);

  await writeFile(join(folder, 'canteen.html'), FILES['canteen.html'].replace('noon', 'half past eleven'));
  const again = await ingest({ into });
  console.log(`${again.files.changed} changed, ${again.files.unchanged} as they were`);

  await using searcher = await openCollection(into);
  const [best] = await searcher.search('when is lunch served', { k: 1 });
  console.log(best!.text.split('\n').at(-1));
} finally {
  await rm(folder, { recursive: true });
}
