import { type CommandResult, runCommand } from './command.ts';

/** Defines `loadPackage()`, as the product loads it: with what Node has taken away. The script's own arguments follow from `process.argv[3]` on. */
const PRELUDE = `
import { createRequire } from 'node:module';
import { join } from 'node:path';
const require = createRequire(join(process.cwd(), 'package.json'));
const { restoreRemovedUtilities } = await import(process.argv[1]);
function loadPackage() {
  restoreRemovedUtilities();
  return require(process.argv[2]);
}
`;

/** Runs a module text in a child process, which may crash, from the checkout's root; it gets the TensorFlow package by `loadPackage()`, and `require`. */
export function runWithPackage(
  root: string,
  packageName: string,
  script: string,
  args: readonly string[],
  timeoutMs: number,
): Promise<CommandResult> {
  const utilities = new URL('../../model/backend/removed-utilities.ts', import.meta.url).href;
  const loader = ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', PRELUDE + script];
  return runCommand(process.execPath, [...loader, utilities, packageName, ...args], {
    cwd: root,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2' },
    timeoutMs,
  });
}
