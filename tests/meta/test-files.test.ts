import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { LAYERS } from '../../scripts/layers.ts';
import { codeOf, filesBelow, ROOT } from './imports.ts';

const test = suite('the repository about itself');

const SOURCE_FOLDERS = [...LAYERS.flat(), 'scripts', 'bench'];

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Every file below these folders, without its comments. */
const sources = (...folders: string[]) => folders.flatMap(filesBelow).map((path) => ({ path, code: codeOf(path) }));

test('every test file runs each of its suites: without it uvu is silently green', () => {
  const files = filesBelow('tests').filter((path) => path.endsWith('.test.ts'));
  assert.ok(files.length > 30);
  for (const path of files) {
    const text = read(path);
    const suites = [...text.matchAll(/^\s*(?:const|let) (\w+) = suite\b/gm)].map((match) => match[1]!);
    assert.ok(suites.length > 0, `${path} has no suite`);
    for (const name of suites)
      assert.ok(new RegExp(`^\\s*${name}\\.run\\(\\);`, 'm').test(text), `${path}: ${name}.run() is missing`);
    assert.not.match(text, /\.only\(/, `${path}: .only leaves the other tests out`);
  }
});

test('files that hold a suite are named so that they are found', () => {
  for (const path of filesBelow('tests').filter((file) => !file.endsWith('.test.ts')))
    assert.not.match(read(path), /= suite(<\w+>)?\('/, `${path} is not run: name it *.test.ts`);
});

/** What turns a frame back into text, or a chunk's number into its text. */
const DECOMPRESSES = /\bcreateDecompressor\b|\.decompress\(|\.chunkText\(|\.documentById\(|\bcontainer\.chunk\(/;

test('invariants 1 and 2: what encodes, indexes, ranks and evaluates never decompresses; the searcher alone does', () => {
  for (const { path, code } of sources(
    'encoders',
    'model',
    'checkpoints',
    'search',
    'training',
    'eval',
    'rag',
    'recipes',
    'server',
  )) {
    if (path === 'rag/retrieval/searcher.ts') {
      assert.match(code, DECOMPRESSES);
      continue;
    }
    assert.not.match(code, DECOMPRESSES, path);
  }
});

test('invariant 3: a query is never compressed', () => {
  // What other forms of storage would take is measured by compressing the corpus' texts, no query.
  const paths = sources('encoders', 'model', 'search', 'eval', 'rag', 'server', 'training/query');
  for (const { path, code } of paths.filter((source) => source.path !== 'eval/storage/rival-storage.ts'))
    assert.not.match(code, /\bcreateCompressor\b/, path);
});

test('invariant 4: the container knows nothing of what stands above it', () => {
  for (const { path, code } of sources('zpkg')) {
    for (const [, from] of code.matchAll(/\b(?:from|import\()\s*'(\.[^']+)'/g))
      assert.match(from!, /^(\.\.\/)*(\.\/)?(base\/index|((container|frame|dictionary)\/)?[\w-]+)\.ts$/, path);
    assert.not.match(code, /\b(documentId|queryId|corpusId|embedding|teacher|retriev\w*)\b/i, path);
  }
});

/** LangChain's store has methods for texts, which ours has to have, and refuses. */
const REFUSES_TEXTS = 'rag/langchain/cem-vector-store.ts';

test('invariant 5: nothing hands text to a vector store', () => {
  for (const { path, code } of sources(...SOURCE_FOLDERS)) {
    const left =
      path === REFUSES_TEXTS ? code.replace(/async addDocuments\(\): Promise<never> \{\s*throw [^;]*;\s*\}/, '') : code;
    assert.is(left === code, path !== REFUSES_TEXTS, path);
    assert.not.match(left, /\badd(Texts|Documents)\b/, path);
  }
});

test("what few need is loaded by them alone: LangChain by its own door, MCP's SDK with the first client", () => {
  for (const { path, code } of sources(...LAYERS.flat())) {
    if (!path.startsWith('rag/langchain/')) assert.not.match(code, /'@langchain\/|\/langchain\//, path);
    assert.not.match(code, /^(import|export) (?!type )[^;]* from '@modelcontextprotocol\//m, path);
  }
});

test('nothing of the product throws a bare Error', () => {
  for (const { path, code } of sources(...LAYERS.flat())) assert.not.match(code, /\bthrow new (Type|Range|Syntax)?Error\(/, path);
});

test('tfjs is reached through model/tf.ts alone, so that there is one engine', () => {
  const starts = ['model/tf.ts', 'model/backend/wasm.ts', 'model/backend/webgpu.ts'];
  for (const { path, code } of sources(...SOURCE_FOLDERS)) {
    if (starts.includes(path)) continue;
    for (const [statement] of code.matchAll(/^import (?!type )[^;]*'@tensorflow\/[^']*';/gm))
      assert.unreachable(`${path}: ${statement}`);
  }
});

test('npm ci prints no warning about settings, and runs no script that package.json forbids, with npm 10 and 11', () => {
  // npm 11 warns of every setting in .npmrc that it does not know.
  const settings = read('.npmrc')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  assert.equal(settings, ['save-exact=true']);
  // npm 10 knows no allowScripts, and runs a script where the lock says that there is one. onnxruntime-node's downloads GPU libraries, and fails the whole install where it cannot.
  const lock = JSON.parse(read('package-lock.json')) as { packages: Record<string, { hasInstallScript?: boolean }> };
  const { allowScripts, engines } = JSON.parse(read('package.json')) as {
    allowScripts: Record<string, boolean>;
    engines: { node: string };
  };
  assert.is(allowScripts['onnxruntime-node'], false);
  const entries = Object.entries(lock.packages).filter(([path]) => path.endsWith('node_modules/onnxruntime-node'));
  assert.is(entries.length, 1);
  assert.is(
    entries[0]![1].hasInstallScript,
    undefined,
    'take the line "hasInstallScript": true of node_modules/onnxruntime-node out of package-lock.json',
  );
  assert.is(engines.node, '>=20.19.0');
});

test.run();
