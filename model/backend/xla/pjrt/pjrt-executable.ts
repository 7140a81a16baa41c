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

/** What a call hands over, device after device; kept, since a step has hundreds of tensors. */
interface CallArrays {
  readonly handles: Float64Array;
  readonly results: Float64Array;
  /** 1 for inputs that the plugin has taken. */
  readonly consumed: Uint8Array;
}

/** A compiled program on a device, or on several. */
export class PjrtExecutable {
  readonly outputs: readonly PjrtOutput[];
  readonly #session: PjrtSession;
  #handle: Handle;
  #call: CallArrays = { handles: new Float64Array(0), results: new Float64Array(0), consumed: new Uint8Array(0) };

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
   * @param renewed for each output the place of the donated input whose buffer stands for it from now on; -1, or absent: a new buffer does
   *
   * Throws CemError `XLA_MEMORY` where the device's memory does not suffice, `XLA_EXECUTE` with the plugin's message, `XLA_DISPOSED` for dead inputs.
   */
  execute(inputs: readonly PjrtBuffer[], renewed?: readonly number[]): PjrtBuffer[] {
    return this.executeOnDevices([inputs], renewed)[0] ?? [];
  }

  /** The same for a program of several devices: the inputs of each in the order in which it was compiled for them; so are the outputs. */
  executeOnDevices(inputs: readonly (readonly PjrtBuffer[])[], renewed: readonly number[] = []): PjrtBuffer[][] {
    const session = this.#session;
    const executable = this.#alive();
    const all = inputs.length === 1 ? (inputs[0] ?? []) : inputs.flat();
    const { handles, results, consumed } = this.#callOf(all.length, inputs.length * this.outputs.length);
    for (let index = 0; index < all.length; index++) handles[index] = all[index]!.handleFor(session);
    try {
      session.addon.execute(session.table, executable, inputs.length, handles, results, consumed);
    } catch (error) {
      this.#destroy(all, []);
      throw pluginError('XLA_EXECUTE', 'running a program', error);
    }
    const dead: Handle[] = [];
    const outputs = inputs.map((own, device) =>
      this.outputs.map(({ type, shape }, index) => {
        const handle = results[device * this.outputs.length + index]!;
        const place = renewed[index] ?? -1;
        if (place < 0) return new PjrtBuffer(session, handle, type, shape);
        const before = device * own.length + place;
        dead.push(handles[before]!);
        consumed[before] = 0;
        own[place]!.renew(handle);
        return own[place]!;
      }),
    );
    this.#destroy(all, dead);
    return outputs;
  }

  /** @param dead what is to be destroyed besides the inputs that the last call has consumed */
  #destroy(inputs: readonly PjrtBuffer[], dead: Handle[]): void {
    const { handles, consumed } = this.#call;
    for (let index = 0; index < inputs.length; index++)
      // A buffer may be several inputs.
      if (consumed[index] === 1 && inputs[index]!.giveUp(handles[index]!)) dead.push(handles[index]!);
    if (dead.length > 0) this.#session.addon.destroyBuffers(this.#session.table, Float64Array.from(dead));
  }

  #callOf(inputs: number, results: number): CallArrays {
    if (this.#call.handles.length !== inputs || this.#call.results.length !== results)
      this.#call = { handles: new Float64Array(inputs), results: new Float64Array(results), consumed: new Uint8Array(inputs) };
    return this.#call;
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
