import { CemError } from '../../../../base/index.ts';
import type { Handle } from './addon.ts';
import { type ElementType, type HostArray, newHostArray, sizeOfShape } from './element-type.ts';
import type { PjrtSession } from './pjrt-session.ts';
import { pluginError } from './plugin-error.ts';

function bytesOf(array: HostArray): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** A tensor on a device. Its memory is freed by `dispose`, by a program that takes it over, or with the client. */
export class PjrtBuffer {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly #session: PjrtSession;
  #handle: Handle;

  /** For the client and its programs only: takes over the handle. */
  constructor(session: PjrtSession, handle: Handle, type: ElementType, shape: readonly number[]) {
    this.#session = session;
    this.#handle = handle;
    this.type = type;
    this.shape = shape;
    session.buffers.add(this);
  }

  /** Whether it was disposed of, or a program took it over, or the client is closed. */
  get isDisposed(): boolean {
    return this.#handle === 0 || this.#session.isClosed;
  }

  /** The plugin's handle. Throws CemError `XLA_DISPOSED` where the buffer is dead, or `XLA_CLIENT` where it is of another client. */
  handleFor(session: PjrtSession): Handle {
    if (session !== this.#session)
      throw new CemError('XLA_CLIENT', 'a buffer of one client was given to another: read it and upload it there.');
    if (this.isDisposed) {
      throw new CemError(
        'XLA_DISPOSED',
        `a buffer of type ${this.type} and shape [${this.shape.join(', ')}] was used after it was disposed of or taken over by a program.`,
      );
    }
    return this.#handle;
  }

  /** Waits until it is computed and copies it. Throws CemError `XLA_DISPOSED`, and `XLA_EXECUTE` or `XLA_MEMORY` where the program failed that makes it. */
  read(): HostArray {
    const session = this.#session;
    const handle = this.handleFor(session);
    const array = newHostArray(this.type, sizeOfShape(this.shape));
    // Without a place to write to, the plugin takes the call for a question.
    if (array.length === 0) return array;
    try {
      session.addon.read(session.table, handle, this.shape.length, bytesOf(array));
    } catch (error) {
      throw pluginError('XLA_EXECUTE', 'computing a tensor', error);
    }
    return array;
  }

  /** The same without holding up the process: a thread of Node's pool waits. The buffer may be disposed of meanwhile. */
  async readAsync(): Promise<HostArray> {
    const session = this.#session;
    const handle = this.handleFor(session);
    const array = newHostArray(this.type, sizeOfShape(this.shape));
    if (array.length === 0) return array;
    session.readings++;
    try {
      await session.addon.readAsync(session.table, handle, this.shape.length, bytesOf(array));
    } catch (error) {
      throw pluginError('XLA_EXECUTE', 'computing a tensor', error);
    } finally {
      session.readings--;
      session.endReading();
    }
    return array;
  }

  /** For programs only: what was computed in its memory stands in its place. What it was before is the caller's to destroy. */
  renew(handle: Handle): void {
    this.#handle = handle;
  }

  /** For programs only: a handle that was consumed is the caller's to destroy. False where it is this buffer's no more. */
  giveUp(handle: Handle): boolean {
    if (this.#handle !== handle) return false;
    this.#handle = 0;
    this.#session.buffers.delete(this);
    return true;
  }

  /** Frees it; again does nothing. What is still being computed with it goes on. */
  dispose(): void {
    if (this.isDisposed) return;
    const handle = this.#handle;
    this.#handle = 0;
    this.#session.buffers.delete(this);
    this.#session.addon.destroyBuffer(this.#session.table, handle);
  }
}
