/** Bytes that `new Array(length)` takes for one of these; arrays made over an existing buffer allocate nothing. */
const WATCHED = ['Uint8Array', 'Uint16Array', 'Uint32Array', 'Int32Array', 'Float64Array'] as const;

/** Tells the largest single allocation of a typed array by length, in bytes, since it was asked last. */
export interface AllocationWatch {
  takeLargest(): number;
}

/**
 * Watches the constructors of typed arrays and Node's unpooled buffers in this process: what a decoder that believes a declared size would call. Counting at the
 * source misses nothing that is freed at once or never touched, which the memory of the process would.
 */
export function watchAllocations(): AllocationWatch {
  let largest = 0;
  const seen = (bytes: number): void => {
    if (bytes > largest) largest = bytes;
  };
  for (const name of WATCHED) {
    const original = globalThis[name] as unknown as new (...words: unknown[]) => { readonly byteLength: number };
    const watched: unknown = new Proxy(original, {
      construct(target, words, newTarget) {
        const made = Reflect.construct(target, words, newTarget === watched ? target : newTarget) as { byteLength: number };
        if (!(words[0] instanceof ArrayBuffer)) seen(made.byteLength);
        return made;
      },
    });
    Object.defineProperty(globalThis, name, { value: watched, configurable: true, writable: true });
  }
  const allocate = Buffer.allocUnsafeSlow;
  Buffer.allocUnsafeSlow = (size) => {
    seen(size);
    return allocate(size);
  };
  return {
    takeLargest() {
      const taken = largest;
      largest = 0;
      return taken;
    },
  };
}
