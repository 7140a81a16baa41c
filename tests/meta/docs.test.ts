import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { generatedDocuments } from '../../scripts/docs.ts';
import { LAYERS } from '../../scripts/layers.ts';
import { filesBelow, ROOT } from './imports.ts';

const test = suite('texts for people');

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

/** Markdown below a folder, without what other tools made. */
function markdownBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = normalize(join(folder, entry.name));
    if (entry.isDirectory())
      return ['node_modules', 'dist', 'coverage', 'runs', 'golden', 'fixtures'].includes(entry.name) || entry.name.startsWith('.')
        ? []
        : markdownBelow(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

const documents = markdownBelow('.').filter((path) => !path.startsWith('checkpoints/cem-small-'));
const GENERATED = ['docs/configuration.md', 'docs/commands.md', 'docs/http.md'];
/** Texts that name paths in prose. */
const NAMING = documents.filter((path) => /^(README|ARCHITECTURE|AGENTS|CONTRIBUTING|SECURITY)\.md$|^docs\//.test(path));

/** Without blocks of code. */
const proseOf = (path: string): string => read(path).replace(/^```[\s\S]*?^```/gm, '');

test('what is generated is what the code gives: `npm run docs` writes it', async () => {
  const generated = await generatedDocuments();
  assert.equal([...generated.keys()].sort(), [...GENERATED].sort());
  for (const [path, text] of generated) assert.is(read(path), text, `${path} is out of date: npm run docs`);
});

test('every key of the configuration says what it means', () => {
  const rows = read('docs/configuration.md')
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  assert.ok(rows.length > 150);
  assert.equal(
    rows.filter((row) => /\|\s*\|$/.test(row)),
    [],
  );
});

/** Anchor of a heading as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s-]/gu, '')
    .trim()
    .replace(/\s/g, '-');

test('every link leads somewhere', () => {
  let links = 0;
  for (const path of documents) {
    for (const [, target] of proseOf(path).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const [file = '', anchor] = target!.split('#');
      const place = file === '' ? path : normalize(join(dirname(path), file));
      assert.ok(existsSync(join(ROOT, place)), `${path} links to ${target}`);
      if (anchor !== undefined)
        assert.ok(
          [...read(place).matchAll(/^#+ (.*)$/gm)].some(([, heading]) => anchorOf(heading!) === anchor),
          `${path} links to ${target}`,
        );
      links++;
    }
  }
  assert.ok(links > 200, `${links}`);
});

test('every path that is named exists', () => {
  const top = readdirSync(ROOT).filter((name) => statSync(join(ROOT, name)).isDirectory());
  const folders = new Set([...top, ...LAYERS.flat()]);
  let paths = 0;
  for (const document of NAMING.filter((path) => !GENERATED.includes(path))) {
    for (const [, name] of proseOf(document).matchAll(/`([\w.-]+\/[\w./-]*)`/g)) {
      const [first] = name!.split('/');
      // Folders that the table of layers has for what comes may be named; so may what lies outside, such as a run's folder.
      if (
        !folders.has(first!) ||
        name!.startsWith('docs/') ||
        /[A-Z]{2,}\//.test(name!) ||
        (name === `${first}/` && LAYERS.flat().includes(first!))
      )
        continue;
      assert.ok(existsSync(join(ROOT, name!)), `${document} names ${name}`);
      paths++;
    }
  }
  assert.ok(paths > 30, `${paths}`);
});

test('the folders of ARCHITECTURE.md are those that are there', () => {
  const text = read('ARCHITECTURE.md');
  const rows = [...text.matchAll(/^\| \[(\w+)\/\]\(\1\) \| ([^|]*?) ?\|/gm)];
  const named = new Map(rows.map(([, folder, inner]) => [folder!, inner!]));
  for (const folder of LAYERS.flat().filter((name) => existsSync(join(ROOT, name)))) {
    assert.ok(named.has(folder), `${folder}/ is missing`);
    const inner = named.get(folder)!;
    if (/and others/.test(inner)) continue;
    const there = readdirSync(join(ROOT, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('cem-small-'))
      .map(({ name }) => name);
    assert.equal(
      inner
        .split(/,\s*/)
        .map((name) => name.trim())
        .filter((name) => name !== '')
        .sort(),
      there.sort(),
      folder,
    );
  }
});

test('the order of imports in ARCHITECTURE.md is that of the table', () => {
  const line = /^ {4}(base {2}<-.*)$/m.exec(read('ARCHITECTURE.md'))?.[1];
  assert.equal(
    line?.split(/\s+<-\s+/).map((row) => row.split(', ')),
    LAYERS.map((row) => [...row]),
  );
});

test("the walks' functions are in the files that they name", () => {
  const named = [...read('ARCHITECTURE.md').matchAll(/\]\(([\w./-]+\.ts)\)(?: and)? `([\w.]+)`/g)];
  assert.ok(named.length > 20, `${named.length}`);
  for (const [, path, name] of named)
    for (const part of name!.split('.')) assert.match(read(path!), new RegExp(`\\b${part}\\b`), `${path} has no ${name}`);
});

test('the large folders say where to begin', () => {
  for (const folder of ['training', 'data', 'model', 'model/kernels', 'eval', 'search', 'rag', 'encoders'])
    assert.match(read(join(folder, 'README.md')), /Read in this order:/, folder);
});

test('every folder has its sentence: its door says it, or a README of its own or above leads into it', () => {
  const folders = new Set([...LAYERS.flat(), 'bench'].flatMap(filesBelow).map((path) => dirname(path)));
  assert.ok(folders.size > 60);
  for (const folder of folders) {
    if (existsSync(join(ROOT, folder, 'index.ts')) || existsSync(join(ROOT, folder, 'README.md'))) continue;
    const told = above(folder).some((upper) => {
      const readme = join(upper, 'README.md');
      if (!existsSync(join(ROOT, readme))) return false;
      const inside = folder.slice(upper.length + 1);
      return new RegExp(`\\]\\(${inside}(?:\\/[\\w./-]*)?\\)`).test(read(readme));
    });
    assert.ok(told, folder);
  }
});

/** The folders that a folder lies in, the nearest first. */
function above(folder: string): string[] {
  const upper = dirname(folder);
  return upper === '.' ? [] : [upper, ...above(upper)];
}

test.run();
