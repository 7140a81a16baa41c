/** A thread that compresses: gets lists of texts, answers each with the frames of its parts. Started by `compressTexts`. */
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
import { createCompressor } from '../zpkg/index.ts';
import { type CompressionSettings, joinFrames } from './compression-messages.ts';
import { compressInParts } from './split-text.ts';

const port = parentPort;
assert(port !== null, 'this module is started as a thread');
const settings = workerData as CompressionSettings;
const compressor = createCompressor(settings);

port.on('message', (texts: readonly string[]) => {
  const answer = joinFrames(texts.map((text) => compressInParts(text, compressor, settings.targetChunkSize)));
  port.postMessage(answer, [answer.bytes.buffer, answer.lengths.buffer, answer.frameCounts.buffer]);
});
