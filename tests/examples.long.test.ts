import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

const test = suite('examples');

const root = fileURLToPath(new URL('..', import.meta.url));
const LONGEST = 60;

/** The last line of each. */
const ENDINGS: Readonly<Record<string, RegExp>> = {
  'cat-late': /^1 decompressed: Connection pool$/,
  collection: /^Lunch is served from half past eleven until two\.$/,
  evaluate: /^saving -?\d+ %, rows teacher student bm25 random$/,
  filter: /^recent, for others: now$/,
  finance: /^(?:2[7-9]|30) of 30 right, each number with its cell$/,
  first: /^password: Passwords Passwords are hashed with argon2 and$/,
  groups: /^laptop: lost ~ lost, laptop ~ laptop, keys ~ keys, revoked ~ revoked$/,
  hybrid: /^by words laptop, by vectors laptop, fused laptop, chunk \d+$/,
  'langchain-chain': /^Half past eleven, says canteen\.html\.$/,
  medical: /^The documents do not say\.$/,
  'own-encoder': /^bm25 1\.00$/,
  'own-store': /^16 rows written, 1 search: logs$/,
  serve: /^200: certificate$/,
  'train-tiny': /^trained 60 steps$/,
};

const names = readdirSync(join(root, 'examples'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length));

let folder = '';
/** Trained by train-tiny.ts: what the other examples encode with, so that they need no model from elsewhere. */
let run = '';

function runExample(name: string, ...words: string[]): string {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--conditions=cem-source', '--import', 'tsx', join('examples', `${name}.ts`), ...words],
    { cwd: root, encoding: 'utf8', env: { ...process.env, CEM_CHECKPOINT: run } },
  );
  assert.is(status, 0, `${name}: ${stderr}`);
  return stdout.trimEnd().split('\n').at(-1)!;
}

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cem-examples-'));
  run = join(folder, 'run');
  assert.match(runExample('train-tiny', run), ENDINGS['train-tiny']!);
});

test.after(() => rm(folder, { recursive: true, force: true }));

test('each is short, imports the package by its name, and has its last line here', () => {
  assert.equal(names, Object.keys(ENDINGS).sort());
  for (const name of names) {
    const text = readFileSync(join(root, 'examples', `${name}.ts`), 'utf8');
    assert.ok(text.split('\n').length <= LONGEST, `${name} is longer than ${LONGEST} lines`);
    assert.match(text, /from 'cem-rag/);
    assert.not.match(text, /from '\.\.?\//, name);
  }
});

for (const name of names.filter((other) => other !== 'train-tiny')) {
  test(name, () => {
    assert.ok(existsSync(run));
    assert.match(runExample(name), ENDINGS[name]!);
  });
}

test.run();
