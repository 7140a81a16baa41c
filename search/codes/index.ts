/** Vectors that cost little: rows of 8-bit integers, binary codes, and codes in memory that are scanned whole. Loads no tensors. */
export { binaryCode, codeBytes } from './binary-code.ts';
export { HotCodes, hotRowBytes, type UsedRow } from './hot-codes.ts';
export { quantiseRow, readRow } from './int8-row.ts';
export { MemoryCodes, memoryCodesBytes } from './memory-codes.ts';
export { AgedUse } from './row-use.ts';
