/** What every folder needs and no folder owns: errors, bytes, random numbers, durable files, locks, threads. Imports nothing of ours. */
export { checksum, hexadecimal, messageOf, viewOf } from './bytes.ts';
export { CemError, FormatError, UsageError } from './errors.ts';
export { AtomicFile, writeFileAtomically } from './files/atomic-file.ts';
export { writeFolderAtomically } from './files/atomic-folder.ts';
export { exists } from './files/exists.ts';
export { type JsonMeaning, parseJson, readJsonFile, readTextIfThere } from './files/json-file.ts';
export { keepInput, removeKeptInputs } from './files/kept-input.ts';
export { readFully, writeFully } from './files/positioned.ts';
export { StoredFile } from './files/stored-file.ts';
export { copySynced, syncFolder } from './files/sync.ts';
export { fromHalf, toHalf } from './half-float.ts';
export { type FolderLock, lockFolder, shareFolder } from './locks/folder-lock.ts';
export { RandomNumbers } from './random.ts';
export { distributionOf, type SizeDistribution } from './size-distribution.ts';
export { programFile, startThread } from './threads/program-file.ts';
export { pushVarint, readVarint } from './varint.ts';
