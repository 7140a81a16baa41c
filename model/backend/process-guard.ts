/** What TensorFlow's library needs of the process (scripts/native/process.c). */
export interface ProcessGuard {
  /** Turns standard error off for the process, and on again. */
  mute(): void;
  unmute(): void;
  /** Lets signals wait, for this thread and for threads that it makes meanwhile; calls may be nested. */
  holdSignals(): void;
  releaseSignals(): void;
}

/** Where `npm run native` puts it, within the package of the backend. */
export const PROCESS_GUARD_FILE = 'lib/cem-process.node';

/** The guard of a package; undefined where `npm run native` has not built it: TensorFlow works without, but says more, and is open to signals. */
export function loadProcessGuard(require: NodeJS.Require, packageName: string): ProcessGuard | undefined {
  try {
    return require(`${packageName}/${PROCESS_GUARD_FILE}`) as ProcessGuard;
  } catch {
    return undefined;
  }
}

/** What of the package's backend is used here: every operation is one of these calls. */
export interface ExecutingBackend {
  executeSingleOutput(...parameters: unknown[]): unknown;
  executeMultipleOutputs(...parameters: unknown[]): unknown;
}

const guarded = new WeakSet<ExecutingBackend>();

/** Signals wait while TensorFlow computes: a handler that interrupts one of its matrix products would write over the heap (process.c). */
export function holdSignalsWhileComputing(backend: ExecutingBackend, guard: ProcessGuard): void {
  if (guarded.has(backend)) return;
  guarded.add(backend);
  for (const name of ['executeSingleOutput', 'executeMultipleOutputs'] as const) {
    const execute = backend[name].bind(backend);
    backend[name] = (...parameters) => {
      guard.holdSignals();
      try {
        return execute(...parameters);
      } finally {
        guard.releaseSignals();
      }
    };
  }
}
