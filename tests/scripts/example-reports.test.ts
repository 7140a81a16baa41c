import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { EXAMPLES } from '../../scripts/example-reports.ts';
import { ROOT } from '../meta/imports.ts';

const test = suite('documents of the examples');

test('the committed ones are those that the script draws', () => {
  for (const [name, draw] of EXAMPLES) {
    const files = draw();
    for (const [file, text] of files) assert.is(readFileSync(join(ROOT, 'examples', name, file), 'utf8'), text, file);
    const committed = readdirSync(join(ROOT, 'examples', name), { recursive: true, encoding: 'utf8' });
    assert.equal(committed.filter((file) => file.includes('.')).sort(), [...files.keys()].sort());
  }
});

test.run();
