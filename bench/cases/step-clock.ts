import { loadPjrtAddon } from '../../model/backend/xla/pjrt/addon.ts';
import { tf } from '../../model/tf.ts';
import { threadMilliseconds } from './thread-clock.ts';

/** What steps cost besides the time on the clock; milliseconds of processor time, which other work on the machine does not touch. */
export interface StepCosts {
  /** Of the whole process a step: JavaScript, the backend's threads, the plugin. */
  readonly processorMilliseconds: number;
  /** Of the first step: with what is compiled, or loaded. */
  readonly firstStepMilliseconds: number;
  /** Of JavaScript's own thread a step, without the calls that run programs. Only where the backend is xla and the system says it. */
  readonly ownMilliseconds?: number;
  /** Tensors that are alive after the last step and were not when the counting began. */
  readonly tensorsLeaked: number;
  /** Programs that were made, compiled or loaded, since the counting began; 0 where the backend makes none. */
  readonly compilations: number;
}

/** Measures steps; those up to `begin` count as the warm-up. */
export class StepClock {
  #inPrograms = 0;
  #own: number | undefined = 0;
  #processor = 0;
  #steps = 0;
  #first: number | undefined;
  #before = { tensors: 0, programs: 0 };

  constructor() {
    if (tf.getBackend() !== 'xla') return;
    const addon = loadPjrtAddon();
    const execute = addon.execute.bind(addon);
    addon.execute = (...call) => {
      const start = threadMilliseconds() ?? 0;
      execute(...call);
      this.#inPrograms += (threadMilliseconds() ?? 0) - start;
    };
  }

  async time<Result>(step: () => Promise<Result>): Promise<Result> {
    this.#inPrograms = 0;
    const processor = process.cpuUsage();
    const thread = threadMilliseconds();
    const result = await step();
    const own = thread === undefined ? undefined : threadMilliseconds()! - thread - this.#inPrograms;
    const { user, system } = process.cpuUsage(processor);
    const milliseconds = (user + system) / 1000;
    this.#first ??= milliseconds;
    this.#processor += milliseconds;
    this.#own = own === undefined || this.#own === undefined ? undefined : this.#own + own;
    this.#steps++;
    return result;
  }

  /** The warm-up is over. */
  begin(): void {
    this.#processor = 0;
    this.#own &&= 0;
    this.#steps = 0;
    this.#before = { tensors: tf.memory().numTensors, programs: programsMade() };
  }

  costs(): StepCosts {
    return {
      processorMilliseconds: this.#processor / this.#steps,
      firstStepMilliseconds: this.#first ?? 0,
      ...(tf.getBackend() === 'xla' && this.#own !== undefined && { ownMilliseconds: this.#own / this.#steps }),
      tensorsLeaked: tf.memory().numTensors - this.#before.tensors,
      compilations: programsMade() - this.#before.programs,
    };
  }
}

function programsMade(): number {
  return (tf.backend() as { programs?: { compilations: number } }).programs?.compilations ?? 0;
}
