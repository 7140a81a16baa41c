/** A thread that makes batches of compressed texts: says `ready`, then answers each batch of frames with its symbols. Started by `EncodingThread`. */
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import type { ModelConfig } from '../../model/index.ts';
import type { SymbolBatch } from '../../model/symbols/index.ts';
// Not through the doors: a thread loads what it needs and nothing else.
import { type PreparedDictionary, SymbolReader } from '../../model/symbols/index.ts';
import { encodeTexts } from '../batches/batch-encoding.ts';
import { type BatchMessage, buffersOf, type DictionaryMessage, type EncodingAnswer } from './encoding-messages.ts';

const port = parentPort;
assert(port !== null, 'this module is started as a thread');
const reader = new SymbolReader(workerData as ModelConfig);
const dictionaries: PreparedDictionary[] = [];

function makeBatch({ bytes, lengths, dictionaries: numbers, frames, spans }: BatchMessage): SymbolBatch {
  let position = 0;
  const parts = Array.from(lengths, (length, frame) => {
    const start = position;
    position += length;
    return { frame: bytes.subarray(start, position), dictionary: dictionaries[numbers[frame]!]! };
  });
  const texts = Array.from(frames, (frame, text) => ({ ...parts[frame]!, span: spans[text] }));
  return reader.batch(encodeTexts(reader, texts));
}

function answer(message: EncodingAnswer, memory: ArrayBuffer[] = []): void {
  port!.postMessage(message, memory);
}

port.on('message', (message: DictionaryMessage | BatchMessage) => {
  try {
    if ('dictionary' in message) {
      dictionaries.push(reader.prepareDictionary(message.dictionary));
      return;
    }
    const batch = makeBatch(message);
    answer({ batch }, buffersOf(batch));
  } catch {
    // Errors lose their types between threads: whoever asked encodes once more and has this one.
    answer('failed');
  }
});
port.on('messageerror', () => answer('failed'));
answer('ready');
