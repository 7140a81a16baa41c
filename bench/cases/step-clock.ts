import { loadPjrtAddon } from '../../model/backend/xla/pjrt/addon.ts';
import { tf } from '../../model/tf.ts';
import { threadMilliseconds } from './thread-clock.ts';

/** What steps cost besides the time on the clock; milliseconds of processor time, which other work on the machine does not touch. */
export interface StepCosts {
  /** Of the whole process a step: JavaScript, the backend's threads, the plugin. */
  readonly processorMilliseconds: number;
  /** Of the first step: with what is compiled, or loaded. */
  readonly firstStepMilliseconds: number;
  /** Of JavaScript's own thread a step, without the calls that run programs: the next step's inputs are made in it. Only where the backend is xla and the system says it, as the two below. */
  readonly ownMilliseconds?: number;
  /** What of it the device waits for: all but what is done between a program's begin and its results' arrival, which is mostly the next step's inputs. */
  readonly criticalMilliseconds?: number;
  /** Of the calls that run programs, in which the plugin may compute a part. */
  readonly callMilliseconds?: number;
  /** Tensors that are alive after the last step and were not when the counting began. */
  readonly tensorsLeaked: number;
  /** Programs that were made, compiled or loaded, since the counting began; 0 where the backend makes none. */
  readonly compilations: number;
}

/** Measures steps; those up to `begin` count as the warm-up. */
export class StepClock {
  /** Of this step: in calls that run programs, and beside the device since the last of them. */
  #inPrograms = 0;
  #beside = 0;
  #thread = { own: 0, critical: 0, calls: 0 };
  #processor = 0;
  #steps = 0;
  #first: number | undefined;
  #before = { tensors: 0, programs: 0 };

  constructor() {
    if (tf.getBackend() !== 'xla') return;
    const addon = loadPjrtAddon();
    const execute = addon.execute.bind(addon);
    const readAsync = addon.readAsync.bind(addon);
    let begun = 0;
    addon.execute = (...call) => {
      const start = threadMilliseconds() ?? 0;
      execute(...call);
      begun = threadMilliseconds() ?? 0;
      this.#inPrograms += begun - start;
    };
    addon.readAsync = async (...call) => {
      await readAsync(...call);
      this.#beside = (threadMilliseconds() ?? 0) - begun;
    };
  }

  async time<Result>(step: () => Promise<Result>): Promise<Result> {
    this.#inPrograms = 0;
    this.#beside = 0;
    const processor = process.cpuUsage();
    const thread = threadMilliseconds();
    const result = await step();
    const own = (threadMilliseconds() ?? 0) - (thread ?? 0) - this.#inPrograms;
    const { user, system } = process.cpuUsage(processor);
    const milliseconds = (user + system) / 1000;
    this.#first ??= milliseconds;
    this.#processor += milliseconds;
    this.#thread.own += own;
    this.#thread.critical += own - this.#beside;
    this.#thread.calls += this.#inPrograms;
    this.#steps++;
    return result;
  }

  /** The warm-up is over. */
  begin(): void {
    this.#processor = 0;
    this.#thread = { own: 0, critical: 0, calls: 0 };
    this.#steps = 0;
    this.#before = { tensors: tf.memory().numTensors, programs: programsMade() };
  }

  costs(): StepCosts {
    const { own, critical, calls } = this.#thread;
    return {
      processorMilliseconds: this.#processor / this.#steps,
      firstStepMilliseconds: this.#first ?? 0,
      ...(tf.getBackend() === 'xla' &&
        threadMilliseconds() !== undefined && {
          ownMilliseconds: own / this.#steps,
          criticalMilliseconds: critical / this.#steps,
          callMilliseconds: calls / this.#steps,
        }),
      tensorsLeaked: tf.memory().numTensors - this.#before.tensors,
      compilations: programsMade() - this.#before.programs,
    };
  }
}

function programsMade(): number {
  return (tf.backend() as { programs?: { compilations: number } }).programs?.compilations ?? 0;
}
