/** Ids of BLT: bytes follow the four special ids (BOE 0, BOS 1, EOS 2, BPE 3). */
export const BYTE_IDS = 260;
export const BYTE_OFFSET = 4;
/** Begin of a text. */
export const BEGIN_ID = 1;
