import type { WasmKernel } from '../wasm/wasm-backend.ts';

/** Identity without a copy: tensors do not change, so that two may have the same memory (an optimiser that changes weights in place asks who else has theirs). The stock kernel copies. */
export const identity: WasmKernel = ({ inputs, backend }) => {
  const { dataId, shape, dtype } = inputs['x']!;
  backend.incRef(dataId);
  return { dataId, shape, dtype };
};
