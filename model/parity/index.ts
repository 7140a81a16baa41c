/** Stage by stage comparison with a reference's recorded values. */
export { BLT_BYTE_TABLE, BLT_CAUSAL_PREFIX, BLT_NGRAM_TABLES, bltWeights, transposed } from './blt-names.ts';
export { measureParity, type ParityStages } from './measure-parity.ts';
export { parseParityCase } from './parity-case.ts';
