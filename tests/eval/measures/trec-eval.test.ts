import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { averageMeasures, measureRun, readTrecQrels, readTrecRun, TREC_MEASURES } from '../../../eval/index.ts';

const folder = fileURLToPath(new URL('../../../../shared/reference/trec_eval/', import.meta.url));
const test = suite('metrics against trec_eval 10');

if (existsSync(folder)) {
  test('every query and measure of the reference within 1e-6', async () => {
    const expected = JSON.parse(await readFile(`${folder}expected.json`, 'utf8')) as Record<string, Record<string, number>>;
    const perQuery = measureRun(await readTrecRun(`${folder}run.txt`), await readTrecQrels(`${folder}qrels.txt`), TREC_MEASURES);
    const got = new Map([['all', averageMeasures(perQuery.values())], ...perQuery]);
    assert.equal([...got.keys()].sort(), Object.keys(expected).sort());
    for (const [query, measures] of Object.entries(expected)) {
      const values = got.get(query)!;
      assert.equal(Object.keys(values).sort(), Object.keys(measures).sort());
      for (const [name, value] of Object.entries(measures)) {
        assert.ok(Math.abs(values[name]! - value) < 1e-6, `${query} ${name}: ${values[name]} for ${value}`);
      }
    }
  });
} else {
  process.stdout.write(`skipped: metrics against trec_eval 10 (no ${folder})\n`);
}

test.run();
