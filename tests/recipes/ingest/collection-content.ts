import * as assert from 'uvu/assert';
import { verifyCorpus } from '../../../data/index.ts';
import { CollectionFolder } from '../../../rag/index.ts';

/** What a collection holds, by the path of the file: the texts of its units. Corpus, rows, vector groups and list of files are held against each other. */
export async function contentOf(collection: string): Promise<Map<string, string[]>> {
  await using folder = await CollectionFolder.openForSearch(collection);
  const corpus = await folder.openCorpus();
  assert.ok(corpus !== undefined);
  try {
    assert.is((await verifyCorpus(corpus)).failed, 0);
    const content = new Map<string, string[]>();
    const texts = new Map<string, string>();
    for await (const { id, title, text } of corpus.documents()) {
      texts.set(id, `${title ?? ''} ${text}`.toLowerCase());
      const source = (await corpus.documentMetadata(id))?.source;
      assert.ok(source !== undefined);
      content.set(source, [...(content.get(source) ?? []), text]);
    }
    const ids = [...corpus.ids()];
    const rows = await folder.store.storedRows(ids);
    assert.is((await folder.store.count()).documents, ids.length, 'each unit has rows, and no other');
    for (const id of ids) {
      const chunks = new Set(rows.filter(({ document }) => document === id).map(({ chunk }) => chunk));
      assert.equal([...chunks], [...corpus.chunksOf(id)]);
    }
    if (folder.store.keepsGroups) {
      const groups = await folder.store.groupsAt(rows, { words: true });
      for (const [place, { document }] of rows.entries()) {
        const words = groups[place]?.words ?? [];
        assert.ok(words.length > 0, `${document} has no vector group`);
        assert.equal(
          words.filter((word) => !texts.get(document)!.includes(word.toLowerCase())),
          [],
          `a vector group of another text than that of ${document}`,
        );
      }
    }
    const { files } = await folder.sources();
    const listed = files.flatMap(({ documents }) =>
      documents.flatMap(([id, units]) => Array.from({ length: units }, (_, unit) => `${id}-${unit}`)),
    );
    assert.equal(listed.sort(), [...ids].sort());
    const pictures = files.flatMap(({ figures = [] }) => figures);
    assert.equal(await folder.figures.verify(pictures), [], 'each picture that is listed is there, and whole');
    assert.equal(
      files
        .filter(({ documents }) => documents.length > 0)
        .map(({ path }) => path)
        .sort(),
      [...content.keys()].sort(),
    );
    return content;
  } finally {
    await corpus.close();
  }
}
