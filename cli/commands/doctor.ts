import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { cpus, freemem, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { formatBytes, messageOf, programFile, UsageError } from '../../base/index.ts';
import { BACKEND_NAMES } from '../../model/backend/index.ts';
import { type FoundPlugin, findPjrtPlugins, XLA_ADVICE } from '../../model/backend/xla/pjrt/index.ts';
import { defineCommand } from '../command.ts';
import type { Finding } from '../process/finding.ts';

interface Part extends Finding {
  readonly group: 'backend' | 'plugin' | 'storage' | 'database' | 'teacher';
  readonly name: string;
}

interface DoctorOptions {
  readonly models: string | undefined;
  /** How long each probe may take. */
  readonly seconds: number;
}

interface DoctorResult {
  readonly machine: {
    readonly node: string;
    readonly platform: string;
    readonly processor: string;
    readonly cores: number;
    readonly memoryBytes: number;
    readonly freeMemoryBytes: number;
  };
  readonly parts: readonly Part[];
}

/** Seconds that a probe has by default: a few suffice on a machine with nothing else to do. */
const PROBE_SECONDS = 60;

/** Runs one probe in a child process; whatever becomes of it, there is a finding. */
async function runProbe(name: string, seconds: number): Promise<Finding> {
  const { url, source } = programFile('../process/doctor-probe', import.meta.url);
  const loader = source ? ['--import', import.meta.resolve('tsx')] : [];
  const child = spawn(process.execPath, [...loader, fileURLToPath(url), name], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, seconds * 1000);
  let output = '';
  let errors = '';
  child.stdout.on('data', (piece: Buffer) => {
    output += piece.toString();
  });
  child.stderr.on('data', (piece: Buffer) => {
    errors += piece.toString();
  });
  const end = await new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(signal ? `ended by ${signal}` : `exit code ${code}`));
  });
  clearTimeout(limit);
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(last) as Finding;
  } catch {
    if (late) return outOfTime(seconds);
    const reason = errors.split('\n').find((line) => /error/i.test(line)) ?? '';
    return { works: false, detail: `the probe crashed (${end}) ${reason}`.trim() };
  }
}

/** Nothing is known then: the part may work, slowly, or hang. */
function outOfTime(seconds: number): Finding {
  return {
    works: false,
    detail: `ran out of time: no answer within ${seconds} s`,
    advice: `Either it hangs or the machine is slow or busy: try again when nothing else runs, or with --seconds ${Math.ceil(seconds * 5)}.`,
  };
}

/** What lies in the folder where teachers are looked up; a model is a folder with a config.json. */
async function inspectModels(folder: string | undefined): Promise<Finding> {
  if (!folder)
    return { works: true, detail: 'no folder given (--models or CEM_MODELS): teachers come from the hub, lsa needs none' };
  const entries = await readdir(folder, { recursive: true }).catch(() => undefined);
  if (!entries) return { works: false, detail: `${folder} cannot be read`, advice: 'Set CEM_MODELS to a folder of models.' };
  const models = entries.filter((entry) => entry.endsWith('/config.json')).map((entry) => entry.slice(0, -'/config.json'.length));
  return {
    works: models.length > 0,
    detail: `${folder}: ${models.length > 0 ? models.sort().join(', ') : 'no model (a folder with config.json)'}`,
  };
}

/** XLA's plugins, each opened in a process of its own: where it was found, and its devices or what it lacks. */
async function examinePlugins(seconds: number, onStart: (name: string) => void): Promise<Part[]> {
  let plugins: readonly FoundPlugin[];
  try {
    plugins = findPjrtPlugins();
  } catch (error) {
    // CEM_PJRT or another variable of the backend is wrong: one part of the report.
    return [{ group: 'plugin', name: 'xla', works: false, detail: messageOf(error) }];
  }
  const parts: Part[] = [];
  for (const { path, kind, how } of plugins) {
    onStart(path);
    const { detail, ...finding } = await runProbe(`plugin:${path}`, seconds);
    parts.push({
      group: 'plugin',
      name: `xla ${kind}`,
      ...finding,
      detail: finding.works ? `${detail}; ${path} (${how})` : `${detail} (${how})`,
    });
  }
  if (parts.length > 0) return parts;
  const detail = "no plugin of XLA: CEM_PJRT is not set, none in the cache, none among Python's packages (jax_plugins)";
  return [{ group: 'plugin', name: 'xla', works: false, detail, advice: XLA_ADVICE }];
}

async function examine({ models, seconds }: DoctorOptions, onStart: (name: string) => void): Promise<Part[]> {
  const probe = async (group: Part['group'], name: string): Promise<Part> => {
    onStart(name);
    return { group, name, ...(await runProbe(name, seconds)) };
  };
  const parts: Part[] = [];
  // One after the other: they are timed.
  for (const name of BACKEND_NAMES) parts.push(await probe('backend', name));
  parts.push(...(await examinePlugins(seconds, onStart)));
  parts.push(await probe('storage', 'zstd'), await probe('database', 'pglite'));
  if (process.env['CEM_DATABASE_URL']) parts.push(await probe('database', 'postgresql'));
  parts.push(await probe('teacher', 'transformers'), { group: 'teacher', name: 'models', ...(await inspectModels(models)) });
  return parts;
}

function describePart(part: Part): string[] {
  const rate =
    part.gigaflops === undefined
      ? ''
      : `, ${part.gigaflops < 10 ? part.gigaflops.toFixed(1) : part.gigaflops.toFixed(0)} GFLOP/s`;
  const line = `  ${part.works ? 'ok  ' : 'no  '}${part.name.padEnd(14)}${part.detail}${rate}`;
  return part.works || !part.advice ? [line] : [line, `      ${''.padEnd(14)}${part.advice}`];
}

export const doctorCommand = defineCommand<DoctorOptions, DoctorResult>({
  command: 'doctor',
  describe: 'say what this machine has: each backend with a measured rate, plugins of XLA, zstd, database, teacher',
  examples: [
    ['doctor', 'a table of what works, and how to get what does not'],
    ['doctor --json', 'the same for programs'],
  ],
  options: (parser) =>
    parser
      .option('models', {
        type: 'string',
        default: process.env['CEM_MODELS'],
        defaultDescription: 'CEM_MODELS',
        describe: 'folder of models',
      })
      .option('seconds', { type: 'number', default: PROBE_SECONDS, describe: 'how long each part may take to answer' }),
  run: async (options, reporter) => {
    if (!(options.seconds > 0))
      throw new UsageError(
        'USAGE',
        `--seconds is how long each part may take to answer, a number above 0; got ${options.seconds}`,
      );
    const stage = reporter.stage('examining');
    const parts = await examine(options, (name) => stage.progress(0, 0, name));
    stage.done();
    const processors = cpus();
    const machine = {
      node: process.version,
      platform: `${process.platform}-${process.arch}`,
      processor: processors[0]?.model.trim() ?? 'unknown',
      cores: processors.length,
      memoryBytes: totalmem(),
      freeMemoryBytes: freemem(),
    };
    return { machine, parts };
  },
  text: ({ machine, parts }) => {
    const { node, platform, processor, cores, memoryBytes, freeMemoryBytes } = machine;
    const lines = [
      `node ${node} on ${platform}, ${processor}, ${cores} cores, ${formatBytes(memoryBytes)} of memory, ${formatBytes(freeMemoryBytes)} free`,
    ];
    for (const group of ['backend', 'plugin', 'storage', 'database', 'teacher'] as const) {
      lines.push(group, ...parts.filter((part) => part.group === group).flatMap(describePart));
    }
    return lines.join('\n');
  },
});
