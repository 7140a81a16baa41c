/** What every folder needs and no folder owns: errors, bytes, random numbers, durable files, locks, threads, JSON over HTTP, text as people and the wire read it. Imports nothing of ours. */
export { asyncBatches, batches } from './batches.ts';
export type { ByteSpan } from './byte-span.ts';
export { checksum, hexadecimal, messageOf, viewOf } from './bytes.ts';
export { type CalendarPeriod, findPeriods, type PeriodMatch, withoutPeriods } from './calendar-periods.ts';
export { NUMERAL_CHARACTERS, parseChineseNumber, writeChineseNumber } from './chinese-numerals.ts';
export { ClosingStack, closing } from './closing.ts';
export { CemError, FormatError, isCemError, UsageError } from './errors.ts';
export { figureNumber } from './figure-number.ts';
export { AtomicFile, writeFileAtomically } from './files/atomic-file.ts';
export { removeFolderAtomically, writeFolderAtomically } from './files/atomic-folder.ts';
export { cacheFolder } from './files/cache-folder.ts';
export { exists } from './files/exists.ts';
export { type JsonMeaning, parseJson, readJsonFile, readTextIfThere } from './files/json-file.ts';
export { keepInput, removeKeptInputs } from './files/kept-input.ts';
export { readFully, writeFully } from './files/positioned.ts';
export { type RandomAccessFile, WindowedReader, windowsOf } from './files/random-access.ts';
export { StoredFile } from './files/stored-file.ts';
export { copySynced, syncFolder } from './files/sync.ts';
export { formatBytes, formatDuration, formatShare, formatTable } from './format.ts';
export { fromHalf, toHalf } from './half-float.ts';
export { checkedUrl, postJson } from './http/post-json.ts';
export { type FolderLock, lockFolder, shareFolder } from './locks/folder-lock.ts';
export { ReadWriteLock } from './locks/read-write-lock.ts';
export { printableLine, printableResult, writeText } from './printable.ts';
export {
  abortable,
  followStages,
  inStage,
  inStages,
  type Listener,
  noteOnce,
  type OnProgress,
  type Stage,
  type StageFollower,
  silentListener,
} from './progress.ts';
export { RandomNumbers } from './random.ts';
export { openRandomAccess } from './remote/open-random-access.ts';
export { readRemoteBytes, readRemoteText } from './remote/read-text.ts';
export { besidePath, isRemote, shownAddress } from './remote/remote-path.ts';
export { removeObject, uploadFile } from './remote/upload.ts';
export { STOP_SIGNALS } from './signals.ts';
export { distributionOf, type SizeDistribution } from './size-distribution.ts';
export { snakeCaseKeys } from './snake-case.ts';
export { STOP_WORDS } from './stop-words.ts';
export { countTerms, type TermCounts } from './term-counts.ts';
export { programFile, startThread } from './threads/program-file.ts';
export { pushVarint, readVarint } from './varint.ts';
