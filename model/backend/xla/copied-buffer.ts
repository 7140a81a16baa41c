import type { PjrtBuffer } from './pjrt/index.ts';
import type { DeviceMemory } from './program/value.ts';

/** Memory of a value of which several devices have a copy each, in the order of the client's devices. */
export class CopiedBuffer implements DeviceMemory {
  readonly copies: readonly PjrtBuffer[];

  /** @param copies at least one, equal */
  constructor(copies: readonly PjrtBuffer[]) {
    this.copies = copies;
  }

  dispose(): void {
    for (const copy of this.copies) copy.dispose();
  }
}
