import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { allowedFolders, LAYERS, OUTSIDE, withLayerRules } from '../../scripts/layers.ts';
import { arrowsOf, circles, filesBelow, graphOf, ROOT, topFolder } from './imports.ts';

const test = suite('layers');

const FOLDERS = LAYERS.flat();
const arrows = FOLDERS.flatMap(filesBelow).flatMap(arrowsOf);
const across = arrows.filter(({ from, to }) => topFolder(from) !== topFolder(to));

test("biome.json's rules are those of the table: `npm run layers` writes them", () => {
  const biome = JSON.parse(readFileSync(join(ROOT, 'biome.json'), 'utf8')) as Record<string, unknown>;
  assert.equal(biome, withLayerRules(biome));
});

test('no import goes up or sideways, of types neither', () => {
  assert.ok(arrows.length > 1000);
  const wrong = across.filter(({ from, to }) => !allowedFolders(topFolder(from)).includes(topFolder(to)));
  assert.equal(wrong, []);
});

test('no source imports what stands outside', () => {
  const outside: readonly string[] = OUTSIDE;
  assert.equal(
    arrows.filter(({ to }) => outside.includes(topFolder(to))),
    [],
  );
});

test('nothing goes past a door: an import of another folder is of an index.ts', () => {
  assert.equal(
    across.filter(({ to }) => basename(to) !== 'index.ts'),
    [],
  );
});

test('no files import each other in a circle, of types neither', () => {
  assert.equal(circles(graphOf(arrows, (path) => path)), []);
});

test('no folders import each other in a circle; a file that stands loose beside folders counts as one', () => {
  const inside = arrows.filter(({ from, to }) => topFolder(from) === topFolder(to) && basename(from) !== 'index.ts');
  assert.equal(circles(graphOf(inside, (path) => (dirname(path) === topFolder(path) ? path : dirname(path)))), []);
});

test('a door says in a sentence what its folder is about', () => {
  for (const door of FOLDERS.flatMap(filesBelow).filter((path) => basename(path) === 'index.ts'))
    assert.match(readFileSync(join(ROOT, door), 'utf8'), /^\/\*\*\n? [^*]*[.:]/, door);
});

test.run();
