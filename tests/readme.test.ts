import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { COMMANDS } from '../cli/commands.ts';

interface PackageManifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

interface Context {
  readme: string;
  /** The README and the guides below docs/ that it links to; what they call must exist. */
  guides: string;
  /** docs/usage.md: every command with an example. */
  usage: string;
  manifest: PackageManifest;
  /** Source of the command's file, by the command's name. */
  commands: Map<string, string>;
  /** Help of the command and of those below it, by the command's name. */
  help: Map<string, string>;
}

const test = suite<Context>('README');

const root = new URL('../', import.meta.url);
/** Options that every command takes. */
const GLOBAL_OPTIONS = ['json', 'backend', 'help'];

test.before(async (context) => {
  const read = (path: string) => readFile(new URL(path, root), 'utf8');
  context.readme = await read('README.md');
  context.usage = await read('docs/usage.md');
  const guides = await Promise.all(['docs/quickstart.md', 'docs/training.md', 'docs/backends.md'].map(read));
  context.guides = [context.readme, context.usage, ...guides].join('\n');
  context.manifest = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as PackageManifest;
  const reference = await read('docs/commands.md');
  context.help = new Map(reference.split(/^## cem /m).map((section) => [/^[a-z-]*/.exec(section)![0], section]));
  context.commands = new Map();
  for (const file of await readdir(new URL('cli/commands/', root))) {
    if (!file.endsWith('.ts')) continue;
    const source = await readFile(new URL(`cli/commands/${file}`, root), 'utf8');
    const name = /^ {2}command: '([a-z-]+)/m.exec(source)?.[1];
    if (name !== undefined) context.commands.set(name, source);
  }
});

/** Calls of scripts, with what stands behind `--`. */
function scriptCalls(readme: string): { script: string; words: string[] }[] {
  return [...readme.matchAll(/npm run ([\w:-]+)(?: -- ([^`\n&]*))?/g)].map(([, script, words]) => ({
    script: script!,
    words: (words ?? '').split(/\s+/).filter((word) => word !== ''),
  }));
}

test('the first screen says what it is, shows six lines of code, and has the two commands', ({ readme }) => {
  const screen = readme.split('\n').slice(0, 40).join('\n');
  assert.match(screen, /^# CEM-RAG\n\nTrain your own embedding model on compressed bytes/);
  const code = /```ts\n([\s\S]*?)```/.exec(screen)?.[1] ?? '';
  assert.is(code.split('\n').filter((line) => line.trim() !== '').length, 6);
  assert.match(screen, /```sh\nnpm ci && npm run demo\n```/);
  assert.match(screen, /```sh\nnpm ci && npm test\n```/);
});

test('opens with the two commands', ({ readme }) => {
  const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!.trim());
  assert.equal(blocks.slice(0, 2), ['npm ci && npm run demo', 'npm ci && npm test']);
});

test('every script that it and its guides call exists', ({ guides, manifest }) => {
  const calls = scriptCalls(guides);
  assert.ok(calls.length >= 12);
  for (const { script } of calls) assert.ok(manifest.scripts[script] !== undefined, `npm run ${script}`);
});

test('every command that it and its guides call exists and takes the options given', ({ guides, manifest, help }) => {
  let options = 0;
  for (const { script, words } of scriptCalls(guides)) {
    const name = script === 'cem' ? words[0] : /cli\/main\.ts (\w+)/.exec(manifest.scripts[script]!)?.[1];
    if (name === undefined || name === 'COMMAND') continue;
    const told = help.get(name);
    assert.ok(told !== undefined, `cem ${name}`);
    for (const word of words.filter((candidate) => candidate.startsWith('--'))) {
      const option = word.slice(2);
      assert.ok(
        GLOBAL_OPTIONS.includes(option) || new RegExp(`^ +(-\\w, )?--${option}\\b`, 'm').test(told),
        `cem ${name} ${word}`,
      );
      options++;
    }
  }
  assert.ok(options >= 15);
});

test('every command stands in docs/usage.md, and no other', ({ usage, commands }) => {
  const listed = [...usage.matchAll(/^\| `cem ([\w-]+)` \|/gm)].map(([, name]) => name!);
  assert.equal(listed.sort(), [...commands.keys()].sort());
  const registered = COMMANDS.map(({ command }) => String(command).split(' ')[0]);
  assert.equal(registered.sort(), [...commands.keys()].sort());
});

test('every configuration stands in docs/training.md', async () => {
  const training = await readFile(new URL('docs/training.md', root), 'utf8');
  for (const file of await readdir(new URL('configs/', root)))
    if (file.endsWith('.yaml')) assert.ok(training.includes(`(../configs/${file})`), file);
});

test('relative links lead somewhere', ({ readme }) => {
  const targets = [...readme.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
  assert.ok(targets.length >= 20);
  for (const target of targets) assert.ok(existsSync(fileURLToPath(new URL(target.split('#')[0]!, root))), target);
});

test('docs/dependencies.md, which it links to, gives a reason for every dependency, and for no other', async ({
  readme,
  manifest,
}) => {
  assert.ok(readme.includes('(docs/dependencies.md)'));
  const text = await readFile(new URL('docs/dependencies.md', root), 'utf8');
  const { dependencies, optionalDependencies, devDependencies, peerDependencies } = manifest;
  const wanted = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies, ...peerDependencies });
  const table = text.slice(0, text.indexOf('`overrides`'));
  const listed = [...table.matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );
  assert.equal(listed.sort(), wanted.sort());
});

test.run();
