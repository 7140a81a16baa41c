/** A thread that compresses: says `ready`, then gets lists of texts and answers each with its parts. Started by `CompressionThreads`. */
import assert from 'node:assert/strict';
import { parentPort, workerData } from 'node:worker_threads';
// Not through the door: a thread loads what it needs and nothing else.
import { createCompressor } from '../../zpkg/index.ts';
import { type CompressionSettings, joinParts } from './compression-messages.ts';
import { compressInParts } from './split-text.ts';

const port = parentPort;
assert(port !== null, 'this module is started as a thread');
const settings = workerData as CompressionSettings;
const compressor = createCompressor(settings);

port.on('message', (texts: readonly string[]) => {
  const answer = joinParts(texts.map((text) => compressInParts(text, compressor, settings)));
  const pieces = [answer.bytes, answer.lengths, answer.partCounts, answer.passageCounts, answer.passageEdges];
  port.postMessage(
    answer,
    pieces.map(({ buffer }) => buffer),
  );
});
port.postMessage('ready');
