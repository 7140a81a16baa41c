import { CemError } from '../../../../base/index.ts';
import type { Handle } from './addon.ts';
import { type ElementType, typeOfCode } from './element-type.ts';
import { PjrtBuffer } from './pjrt-buffer.ts';
import type { PjrtSession } from './pjrt-session.ts';
import { pluginError } from './plugin-error.ts';

/** Type and shape of a tensor that a program gives. */
export interface PjrtOutput {
  readonly type: ElementType;
  readonly shape: readonly number[];
}

function describeOutputs(facts: readonly number[]): PjrtOutput[] {
  const outputs: PjrtOutput[] = [];
  for (let next = 0; next < facts.length; ) {
    const type = typeOfCode(facts[next] ?? 0);
    const rank = facts[next + 1] ?? 0;
    outputs.push({ type, shape: facts.slice(next + 2, next + 2 + rank) });
    next += 2 + rank;
  }
  return outputs;
}

/** A compiled program on a device, or on several. */
export class PjrtExecutable {
  readonly outputs: readonly PjrtOutput[];
  readonly #session: PjrtSession;
  #handle: Handle;

  /** For the client only: takes over the handle. */
  constructor(session: PjrtSession, handle: Handle) {
    this.#session = session;
    this.#handle = handle;
    session.executables.add(handle);
    try {
      this.outputs = describeOutputs(session.addon.outputs(session.table, handle));
    } catch (error) {
      this.dispose();
      throw error instanceof CemError ? error : pluginError('XLA_EXECUTABLE', 'asking a program for its outputs', error);
    }
  }

  #alive(): Handle {
    if (this.#handle === 0 || this.#session.isClosed)
      throw new CemError('XLA_DISPOSED', 'a program was used after it was disposed of.');
    return this.#handle;
  }

  /**
   * Runs a program of one device. Returns as soon as it is enqueued: reads wait. Inputs that it donates (`tf.aliasing_output`, `jax.buffer_donor` in its text) are dead afterwards.
   *
   * Throws CemError `XLA_MEMORY` where the device's memory does not suffice, `XLA_EXECUTE` with the plugin's message, `XLA_DISPOSED` for dead inputs.
   */
  execute(inputs: readonly PjrtBuffer[]): PjrtBuffer[] {
    return this.executeOnDevices([inputs])[0] ?? [];
  }

  /** The same for a program of several devices: the inputs of each in the order in which it was compiled for them; so are the outputs. */
  executeOnDevices(inputs: readonly (readonly PjrtBuffer[])[]): PjrtBuffer[][] {
    const session = this.#session;
    const executable = this.#alive();
    const all = inputs.length === 1 ? (inputs[0] ?? []) : inputs.flat();
    const handles = new Float64Array(all.length);
    for (let index = 0; index < all.length; index++) handles[index] = all[index]!.handleFor(session);
    const results = new Float64Array(inputs.length * this.outputs.length);
    const consumed = new Uint8Array(all.length);
    try {
      session.addon.execute(session.table, executable, inputs.length, handles, results, consumed);
    } catch (error) {
      throw pluginError('XLA_EXECUTE', 'running a program', error);
    } finally {
      for (let index = 0; index < all.length; index++) if (consumed[index] === 1) all[index]!.dispose();
    }
    return inputs.map((_, device) =>
      this.outputs.map(
        ({ type, shape }, index) => new PjrtBuffer(session, results[device * this.outputs.length + index]!, type, shape),
      ),
    );
  }

  /** Bytes from which the same version of the same plugin makes the program again, on the same kind of device. Throws CemError `XLA_EXECUTABLE` where the plugin cannot. */
  serialize(): Uint8Array {
    try {
      return this.#session.addon.serialize(this.#session.table, this.#alive());
    } catch (error) {
      throw error instanceof CemError ? error : pluginError('XLA_EXECUTABLE', 'serializing a program', error);
    }
  }

  /** Frees it; again does nothing. */
  dispose(): void {
    if (this.#handle === 0 || this.#session.isClosed) return;
    const handle = this.#handle;
    this.#handle = 0;
    this.#session.executables.delete(handle);
    this.#session.addon.destroyExecutable(this.#session.table, handle);
  }
}
