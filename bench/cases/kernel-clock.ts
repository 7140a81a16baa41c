import { compiledKernels } from '../../model/kernels/compiled/compiled-kernels.ts';
import { tf } from '../../model/tf.ts';

/** Time of one kernel in one step. */
export interface KernelTime {
  readonly name: string;
  readonly calls: number;
  readonly milliseconds: number;
}

/**
 * Times every kernel of the current backend from its making on. For backends that compute when they are called (tensorflow on a CPU, wasm, cpu): elsewhere the times are
 * those of queueing. Kernels that call kernels count for both.
 */
export class KernelClock {
  readonly #times = new Map<string, { calls: number; milliseconds: number }>();

  constructor() {
    const backend = tf.getBackend();
    for (const kernel of tf.getKernelsForBackend(backend)) {
      const { kernelFunc, kernelName } = kernel;
      const time = { calls: 0, milliseconds: 0 };
      this.#times.set(kernelName, time);
      tf.unregisterKernel(kernelName, backend);
      tf.registerKernel({
        ...kernel,
        kernelFunc: (parameters) => {
          const start = performance.now();
          const result = kernelFunc(parameters);
          time.calls++;
          time.milliseconds += performance.now() - start;
          return result;
        },
      });
    }
    const compiled = compiledKernels();
    if (!compiled) return;
    const run = compiled.run.bind(compiled);
    compiled.run = (op, ...rest) => {
      const start = performance.now();
      const result = run(op, ...rest);
      const time = this.#times.get(op) ?? { calls: 0, milliseconds: 0 };
      this.#times.set(op, { calls: time.calls + 1, milliseconds: time.milliseconds + performance.now() - start });
      return result;
    };
  }

  /**
   * The kernels that ran, the longest first, and `everything else`: host work and tfjs itself.
   *
   * @param total milliseconds of all that was timed
   */
  table(total: number): KernelTime[] {
    const rows = [...this.#times].map(([name, time]) => ({ name, ...time })).filter(({ calls }) => calls > 0);
    const inside = rows.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    rows.push({ name: 'everything else', calls: 1, milliseconds: total - inside });
    return rows.sort((a, b) => b.milliseconds - a.milliseconds);
  }
}
