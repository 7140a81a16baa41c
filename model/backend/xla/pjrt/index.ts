/** XLA's plugins: devices, compiled programs and buffers of a PJRT plugin, and where plugins are found. */
export { XLA_ADVICE } from './addon.ts';
export type { ElementType, HostArray } from './element-type.ts';
export { executableCache } from './executable-cache.ts';
export { describePlugin, type FoundPlugin, findPjrtPlugin, findPjrtPlugins } from './find-plugin.ts';
export type { PjrtBuffer } from './pjrt-buffer.ts';
export { type CompileRequest, PjrtClient } from './pjrt-client.ts';
export type { PjrtExecutable } from './pjrt-executable.ts';
