/** Vectors that cost little: rows of 8-bit integers, binary codes, and codes in memory that are scanned whole. Loads no tensors. */
export { binaryCode, codeBytes } from './binary-code.ts';
export { quantiseRow, readRow } from './int8-row.ts';
export { MemoryCodes, memoryCodesBytes } from './memory-codes.ts';
