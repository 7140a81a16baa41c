import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { CemError } from '../../../base/index.ts';

const execute = promisify(execFile);
/** Characters of a program's complaint that a message repeats. */
const COMPLAINT = 600;
const LARGEST_OUTPUT = 1 << 30;

/** What brings each program, for the message where it is missing. */
const BROUGHT_BY: Readonly<Record<string, string>> = {
  'apt-get': 'it belongs to Debian, Ubuntu and what is made of them',
  'dpkg-deb': 'it belongs to Debian, Ubuntu and what is made of them',
  npm: 'it comes with Node',
  python3: 'install Python 3 with pip',
  tar: 'install GNU tar or bsdtar',
};

/**
 * Runs a registry's own client, or a program that unpacks what it brought, and gives what it printed.
 *
 * @throws CemError `CORPUS_TOOL_MISSING` where there is no such program, `CORPUS_TOOL_FAILED` with its last words
 */
export async function runTool(
  program: string,
  parameters: readonly string[],
  { folder, signal }: { readonly folder?: string; readonly signal?: AbortSignal | undefined } = {},
): Promise<string> {
  try {
    const { stdout } = await execute(program, [...parameters], {
      maxBuffer: LARGEST_OUTPUT,
      ...(folder !== undefined && { cwd: folder }),
      ...(signal && { signal }),
    });
    return stdout;
  } catch (cause) {
    signal?.throwIfAborted();
    const { code, stderr } = cause as { code?: unknown; stderr?: unknown };
    if (code === 'ENOENT') {
      throw new CemError('CORPUS_TOOL_MISSING', `${program} is not here; ${BROUGHT_BY[program] ?? 'install it'}`, {
        details: { program },
        cause,
      });
    }
    const complaint = String(stderr ?? '')
      .trim()
      .slice(-COMPLAINT);
    throw new CemError(
      'CORPUS_TOOL_FAILED',
      `${program} ${parameters[0] ?? ''} failed (${String(code)}): ${complaint || 'it says nothing'}`,
      {
        details: { program, parameters },
        cause,
      },
    );
  }
}
