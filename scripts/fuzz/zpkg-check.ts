import { writeFileSync } from 'node:fs';
import { CemError } from '../../base/index.ts';
import { expand } from '../../tests/zpkg/frame-samples.ts';
import {
  createDecompressor,
  type Decompressor,
  type Dictionary,
  type FrameSymbols,
  parseFrame,
  readDictionary,
  ZpkgReader,
} from '../../zpkg/index.ts';
import type { ContainerCase, FrameCase } from './zpkg-cases.ts';

/** Content limit that every decoder is given here. */
export const CONTENT_LIMIT = 1 << 20;

/** What became of an input. `parserOnly` and `programOnly`: one of two decoders refused it, which is allowed; both lists are worth a look. */
export type Outcome = 'refused' | 'accepted' | 'parserOnly' | 'programOnly';

/** Something that must not be: wrong bytes, an error that is not ours, too much time or memory. */
export class Finding extends CemError {
  constructor(message: string, cause?: unknown) {
    super('FUZZ_FINDING', message, cause === undefined ? {} : { cause });
    this.name = 'Finding';
  }
}

/** Decoders under test; tests of the fuzzer put broken ones here. */
export interface Decoders {
  readonly parse: (frame: Uint8Array, dictionary?: Dictionary) => FrameSymbols;
  readonly decompressor: (dictionary?: Uint8Array) => Decompressor;
}

export const ownDecoders: Decoders = {
  parse: (frame, dictionary) => parseFrame(frame, dictionary, { maximumSize: CONTENT_LIMIT }),
  decompressor: (dictionary) => createDecompressor(dictionary, { maximumContent: CONTENT_LIMIT }),
};

const dictionaries = new WeakMap<Uint8Array, { readonly read: Dictionary | undefined; readonly decompressor: Decompressor }>();

function prepared(dictionary: Uint8Array, decoders: Decoders): { read: Dictionary | undefined; decompressor: Decompressor } {
  const known = decoders === ownDecoders ? dictionaries.get(dictionary) : undefined;
  if (known) return known;
  const made = {
    read: dictionary.length === 0 ? undefined : readDictionary(dictionary),
    decompressor: decoders.decompressor(dictionary),
  };
  if (decoders === ownDecoders) dictionaries.set(dictionary, made);
  return made;
}

/** The result, or null when an error of ours refused; anything else that is thrown is a finding. */
function attempt<Result>(what: string, action: () => Result): Result | null {
  try {
    return action();
  } catch (error) {
    if (error instanceof CemError && !(error instanceof Finding)) return null;
    throw error instanceof Finding ? error : new Finding(`${what} threw ${String(error)}`, error);
  }
}

async function attemptAsync<Result>(what: string, action: () => Promise<Result>): Promise<Result | null> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof CemError && !(error instanceof Finding)) return null;
    throw error instanceof Finding ? error : new Finding(`${what} threw ${String(error)}`, error);
  }
}

/** Reads a frame by both decoders: each may refuse, and what both accept must be the same bytes. */
export function checkFrame({ bytes, dictionary }: Omit<FrameCase, 'kind'>, decoders: Decoders = ownDecoders): Outcome {
  const ready = attempt('the dictionary', () => prepared(dictionary, decoders));
  if (ready === null) return 'refused';
  const symbols = attempt('parseFrame', () => decoders.parse(bytes, ready.read));
  const content = attempt('decompress', () => ready.decompressor.decompress(bytes));
  if (symbols === null) return content === null ? 'refused' : 'programOnly';
  checkSymbols(symbols);
  if (content === null) return 'parserOnly';
  if (Buffer.compare(expand(symbols, ready.read?.content), content) !== 0)
    throw new Finding(`symbols expand to other bytes than zstd gives (${symbols.size} and ${content.length})`);
  return 'accepted';
}

function checkSymbols({ count, lengths, offsets, literals, size }: FrameSymbols): void {
  let literalCount = 0;
  let total = 0;
  for (let i = 0; i < count; i++) {
    if (offsets[i] === 0) literalCount += 1;
    total += lengths[i]!;
  }
  if (lengths.length !== count || offsets.length !== count) throw new Finding(`${count} symbols in arrays of ${lengths.length}`);
  if (literalCount !== literals.length) throw new Finding(`${literalCount} literals, ${literals.length} are given`);
  if (total !== size || size > CONTENT_LIMIT) throw new Finding(`symbols of ${total} bytes, ${size} are given`);
}

/** Opens a container and reads all of it in every way there is. Whatever is read must be what was written, where that is known. */
export async function checkContainer(
  { bytes, original }: Omit<ContainerCase, 'kind'>,
  path: string,
  decoders: Decoders = ownDecoders,
): Promise<Outcome> {
  writeFileSync(path, bytes);
  const reader = await attemptAsync('open', () => ZpkgReader.open(path, { decompressor: decoders.decompressor }));
  if (reader === null) return 'refused';
  try {
    if (original !== null && reader.chunkCount !== original.frames.length)
      throw new Finding(`${reader.chunkCount} chunks, ${original.frames.length} were written`);
    if (original !== null && Buffer.compare(reader.dictionary, original.dictionary) !== 0)
      throw new Finding('another dictionary than was written');
    let outcome: Outcome = 'accepted';
    for (let chunk = 0; chunk < reader.chunkCount; chunk++) {
      const frame = await attemptAsync('compressedChunk', () => reader.compressedChunk(chunk));
      const content = await attemptAsync('chunk', () => reader.chunk(chunk));
      if (frame === null || content === null) outcome = 'refused';
      if (frame === null && content !== null) throw new Finding(`chunk ${chunk} is read, although its frame is refused`);
      if (frame === null) continue;
      if (original !== null && Buffer.compare(frame, original.frames[chunk]!) !== 0)
        throw new Finding(`chunk ${chunk} has another frame than was written`);
      if (original !== null && (content === null || Buffer.compare(content, original.contents[chunk]!) !== 0))
        throw new Finding(`chunk ${chunk} holds other bytes than were written`);
      checkFrame({ bytes: frame, dictionary: reader.dictionary }, decoders);
    }
    await attemptAsync('statistics', () => reader.statistics());
    const verified = await attemptAsync('verify', () => reader.verify());
    if (verified !== null && verified.failed > 0 !== (outcome === 'refused'))
      throw new Finding(`verify counts ${verified.failed} damaged chunks, reading them one by one says: ${outcome}`);
    return outcome;
  } finally {
    await reader.close();
  }
}
