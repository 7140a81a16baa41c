import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Document, DocumentReader } from '../../data/index.ts';
import { pack } from '../../recipes/pack/index.ts';
import { objectStoreMissing, startObjectStore } from '../fixtures/object-store.ts';
import { errorOf } from '../fixtures/temporary-folder.ts';

const test = suite('a corpus in an object store');

const documents = (count: number, word: string): Document[] =>
  Array.from({ length: count }, (_, number) => ({
    id: `d${number}`,
    title: `${word} ${number}`,
    text: `${word} `.repeat(number + 5),
  }));

const missing = await objectStoreMissing();
if (missing !== undefined) {
  test.skip(`skipped: ${missing}`, () => undefined);
  console.log(`a corpus in an object store: skipped, ${missing}`);
} else {
  let stop = (): void => undefined;
  test.before(async () => {
    ({ stop } = await startObjectStore());
  });
  test.after(() => stop());

  test('packed, read, refused, replaced', async () => {
    const output = 's3://bucket/docs/corpus.zpkg';
    const packed = await pack({ source: documents(50, 'first'), output, level: 3 });
    assert.is(packed.output, output);
    await using reader = await DocumentReader.open(output);
    assert.is(reader.documentCount, 50);
    assert.is((await reader.documentById('d3')).trimEnd(), `first 3 ${'first '.repeat(8)}`.trimEnd());
    assert.is((await reader.documentMetadata('d3'))?.title, 'first 3');
    const again = await errorOf(() => pack({ source: documents(9, 'second'), output, level: 3 }));
    assert.is(again.code, 'PACK_OUTPUT_EXISTS');
    const options = { output, level: 3, force: true, metadata: false };
    await pack({ source: documents(9, 'second'), ...options });
    await using second = await DocumentReader.open(output);
    assert.is(second.documentCount, 9);
    assert.is(second.metadata, undefined);
  });

  test('two at once: what both say is done is whole, else one of them says so', async () => {
    const output = 's3://bucket/race.zpkg';
    for (let round = 0; round < 5; round++) {
      const both = await Promise.allSettled(
        [30, 7].map((count) => pack({ source: documents(count, `word${count}`), output, level: 3, force: true })),
      );
      const refused = both.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []));
      assert.ok(
        refused.every((code) => code === 'PACK_TWO_AT_ONCE'),
        refused.join(),
      );
      const opened = await DocumentReader.open(output).catch(() => undefined);
      assert.ok(opened !== undefined || refused.length > 0);
      await opened?.close();
    }
    await pack({ source: documents(4, 'alone'), output, level: 3, force: true });
    await using reader = await DocumentReader.open(output);
    assert.is(reader.documentCount, 4);
  });

  test('no such object, no such bucket, a place that cannot be written', async () => {
    const missing = await errorOf(() => DocumentReader.open('s3://bucket/none.zpkg'));
    assert.is(missing.message, 'cannot read s3://bucket/none.zpkg: there is no such object');
    assert.match((await errorOf(() => DocumentReader.open('s3://no-bucket/none.zpkg'))).message, 'NoSuchBucket');
    const source = documents(3, 'x');
    const error = await errorOf(() => pack({ source, output: 'https://127.0.0.1:9/x.zpkg', level: 3, force: true }));
    assert.is(error.code, 'REMOTE_ADDRESS');
    const nowhere = await errorOf(() => pack({ source, output: 's3://no-bucket/x.zpkg', level: 3, force: true }));
    assert.is(nowhere.code, 'REMOTE_WRITE');
  });
}

test.run();
