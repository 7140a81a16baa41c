import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';

interface PackageManifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

interface Context {
  readme: string;
  manifest: PackageManifest;
  /** Source of the command's file, by the command's name. */
  commands: Map<string, string>;
}

const test = suite<Context>('README');

const root = new URL('../', import.meta.url);
/** Options that every command takes. */
const GLOBAL_OPTIONS = ['json', 'backend', 'help'];

test.before(async (context) => {
  context.readme = await readFile(new URL('README.md', root), 'utf8');
  context.manifest = JSON.parse(await readFile(new URL('package.json', root), 'utf8')) as PackageManifest;
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

test('opens with the two commands', ({ readme }) => {
  const blocks = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block!.trim());
  assert.equal(blocks.slice(0, 2), ['npm ci && npm run demo', 'npm ci && npm test']);
});

test('every script that it calls exists', ({ readme, manifest }) => {
  const calls = scriptCalls(readme);
  assert.ok(calls.length >= 12);
  for (const { script } of calls) assert.ok(manifest.scripts[script] !== undefined, `npm run ${script}`);
});

test('every command that it calls exists and takes the options given', ({ readme, manifest, commands }) => {
  let options = 0;
  for (const { script, words } of scriptCalls(readme)) {
    const name = script === 'cem' ? words[0] : /cli\/main\.ts (\w+)/.exec(manifest.scripts[script]!)?.[1];
    if (name === undefined || name === 'COMMAND') continue;
    const source = commands.get(name);
    assert.ok(source !== undefined, `cem ${name}`);
    for (const word of words.filter((candidate) => candidate.startsWith('--'))) {
      const option = word.slice(2);
      assert.ok(GLOBAL_OPTIONS.includes(option) || source.includes(`option('${option}'`), `cem ${name} ${word}`);
      options++;
    }
  }
  assert.ok(options >= 15);
});

test('every command stands in it, and no other', async ({ readme, commands }) => {
  const listed = [...readme.matchAll(/^\| `cem ([\w-]+)` \|/gm)].map(([, name]) => name!);
  assert.equal(listed.sort(), [...commands.keys()].sort());
  const registered = await readFile(new URL('cli/commands.ts', root), 'utf8');
  for (const name of commands.keys()) {
    const variable = `${name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}Command`;
    assert.ok(registered.includes(`.${variable},`), `cem ${name} is not registered`);
  }
});

test('every configuration stands in it', async ({ readme }) => {
  for (const file of await readdir(new URL('configs/', root)))
    if (file.endsWith('.yaml')) assert.ok(readme.includes(`(configs/${file})`), file);
});

test('relative links lead somewhere', ({ readme }) => {
  const targets = [...readme.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
  assert.ok(targets.length >= 20);
  for (const target of targets) assert.ok(existsSync(fileURLToPath(new URL(target.split('#')[0]!, root))), target);
});

test('gives a reason for every dependency, and for no other', ({ readme, manifest }) => {
  const { dependencies, optionalDependencies, devDependencies } = manifest;
  const wanted = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies });
  const table = readme.slice(readme.indexOf('## Dependencies'), readme.indexOf('`overrides`'));
  const listed = [...table.matchAll(/^\| ([^|]*) \|/gm)].flatMap(([, cell]) =>
    [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );
  assert.equal(listed.sort(), wanted.sort());
});

test.run();
