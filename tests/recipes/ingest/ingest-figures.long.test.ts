import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { figureId, figureOfMetadata, type Metadata } from '../../../data/index.ts';
import { CollectionFolder } from '../../../rag/index.ts';
import { type IngestOptions, ingest } from '../../../recipes/ingest/index.ts';
import { openCollection } from '../../../recipes/search/index.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { chartPicture, dataAddress } from '../../ingest/parse/picture/draw-picture.ts';
import { saveIngestStudent } from './student.ts';

type Make = new (options: unknown) => object;

/** What of the package is used here. Its own types are in files that TypeScript does not find, since they are imported without extensions. */
const { Document, ImageRun, Packer, Paragraph } = (await import('docx')) as unknown as Readonly<
  Record<'Document' | 'ImageRun' | 'Paragraph', Make>
> & { readonly Packer: { toBuffer(document: object): Promise<Buffer> } };

const test = suite('figures of documents in a collection');

const GUIDE = `# Harbour guide

Ships come at dawn. Figure 1 shows how many ferries came each year.

![ferries by year](pictures/ferries.png)

Figure 1: Ferries that came to the harbour

## Lanterns

The lantern is lit before sunset.

![](https://example.org/elsewhere.png)
![](../outside.png)
`;

async function idsIn(into: string): Promise<{ stored: string[]; listed: string[] }> {
  await using folder = await CollectionFolder.openForSearch(into);
  const stored: string[] = [];
  for await (const { id } of folder.figures.list()) stored.push(id);
  const { files } = await folder.sources();
  return { stored, listed: files.flatMap(({ figures = [] }) => figures).sort() };
}

async function word(picture: Uint8Array): Promise<Uint8Array> {
  const image = new ImageRun({ type: 'png', data: Buffer.from(picture), transformation: { width: 200, height: 120 } });
  const children = [
    new Paragraph('The derricks of the harbour are few.'),
    new Paragraph({ children: [image] }),
    new Paragraph('图2：港口货运量'),
  ];
  return Uint8Array.from(await Packer.toBuffer(new Document({ sections: [{ children }] })));
}

test('a question finds the figure of Markdown, a page and a Word document; only what changed is read again', () =>
  withTemporaryFolder(async (folder) => {
    const [files, into, checkpoint] = [join(folder, 'files'), join(folder, 'collection'), join(folder, 'run')];
    await saveIngestStudent(checkpoint);
    await mkdir(join(files, 'pictures'), { recursive: true });
    const [ferries, cargo, pilots] = [await chartPicture(1), await chartPicture(2), await chartPicture(3)];
    await writeFile(join(folder, 'outside.png'), await chartPicture(9));
    await writeFile(join(files, 'guide.md'), GUIDE);
    await writeFile(join(files, 'pictures', 'ferries.png'), ferries);
    await writeFile(join(files, 'cargo.docx'), await word(cargo));
    await writeFile(
      join(files, 'pilots.html'),
      `<html><body><p>Pilots guide ships.</p><figure><img src="${dataAddress(pilots)}"><figcaption>图4：领航员人数概览</figcaption></figure></body></html>`,
    );
    const run = (more: Partial<IngestOptions> = {}) =>
      ingest({ paths: [files], into, checkpoint, backend: 'cpu', terms: 'characters', ...more });
    const first = await run();
    // Three that documents show, and the one that is a file of its own.
    assert.equal([first.figures.described, first.figures.stored], [4, 3]);
    const ids = [ferries, cargo, pilots].map(figureId);
    const listed = [...ids, ids[0]!].sort();
    assert.equal(await idsIn(into), { stored: [...ids].sort(), listed });

    {
      // Eight dimensions fitted to forty texts tell little: words do.
      await using searcher = await openCollection(into, { queries: 'teacher', retrievers: 'bm25' });
      const filter = { field: 'fields.chunk_type', equals: 'figure' } as const;
      for (const [question, id, caption, source] of [
        ['图4：领航员人数概览', ids[2], '图4：领航员人数概览', 'files/pilots.html'],
        ['港口货运量', ids[1], '图2：港口货运量', 'files/cargo.docx'],
        ['Ferries that came to the harbour', ids[0], 'Figure 1: Ferries that came to the harbour', 'files/guide.md'],
      ] as const) {
        const [hit] = await searcher.search(question, { k: 1, filter });
        const metadata = hit!.metadata as Metadata;
        const figure = figureOfMetadata(metadata);
        assert.equal([figure?.id, figure?.caption, metadata.source], [id, caption, source]);
        assert.is(metadata.fields!['vector_type'], 'description');
      }
      const figures = await searcher.search('harbour', { k: 10, filter });
      assert.ok(
        figures.length > 1 && figures.every((hit) => figureOfMetadata(hit.metadata as Metadata)),
        'figures alone are asked for',
      );
    }

    const again = await run();
    assert.equal([again.files.unchanged, again.index], [4, undefined]);
    // Another picture in the place of one that a document shows.
    await writeFile(join(files, 'pictures', 'ferries.png'), await chartPicture(7));
    const changed = await run();
    assert.is(changed.files.changed, 2, 'the picture, and the document that shows it');
    const after = [figureId(await chartPicture(7)), ids[1]!, ids[2]!];
    assert.equal((await idsIn(into)).stored, after.sort(), 'what no document shows any more goes');
    await rm(join(files, 'cargo.docx'));
    await run();
    assert.not.ok((await idsIn(into)).stored.includes(ids[1]!));
  }));

test('pictures are only described, or passed over, where that is asked for', () =>
  withTemporaryFolder(async (folder) => {
    const [files, checkpoint] = [join(folder, 'files'), join(folder, 'run')];
    await saveIngestStudent(checkpoint);
    await mkdir(join(files, 'pictures'), { recursive: true });
    await writeFile(join(files, 'guide.md'), GUIDE);
    await writeFile(join(files, 'pictures', 'ferries.png'), await chartPicture(1));
    const run = (figures: 'reference' | 'none') =>
      ingest({ paths: [files], into: join(folder, figures), checkpoint, backend: 'cpu', figures });
    const described = await run('reference');
    assert.equal([described.figures.described, described.figures.stored], [2, 0]);
    assert.equal((await idsIn(join(folder, 'reference'))).stored, []);
    await using searcher = await openCollection(join(folder, 'reference'), { queries: 'teacher' });
    const filter = { field: 'source', equals: 'files/guide.md' } as const;
    const hits = await searcher.search('Ferries that came to the harbour', { k: 2, filter });
    const hit = hits.find(({ metadata }) => figureOfMetadata(metadata as Metadata) !== undefined);
    const figure = figureOfMetadata(hit!.metadata as Metadata);
    assert.equal([figure?.file, figure?.stored], ['files/pictures/ferries.png', false]);
    const none = await run('none');
    assert.equal([none.figures.described, none.documents], [0, 1]);
  }));

test.run();
