/** Parsers that misbehave, for the tests of what runs parsers. */
import { setTimeout } from 'node:timers/promises';
import { CemError } from '../../../base/index.ts';
import { defineParser, type ReadFile } from '../../../ingest/parse/index.ts';

const parserOf = (format: string, read: ReadFile) =>
  defineParser({ format, version: 1, extensions: [`.${format}`], load: async () => read });

const words = (file: { readonly bytes: Uint8Array }): string => Buffer.from(file.bytes).toString();

let slowLibrary: Promise<void> | undefined;

export const PARSERS = [
  parserOf('echo', (file) => [{ blocks: [{ kind: 'paragraph', text: words(file), headings: [] }] }]),
  parserOf('hang', () => {
    for (;;);
  }),
  parserOf('wait', () => new Promise(() => {})),
  parserOf('eat', () => {
    const all: number[][] = [];
    for (;;) all.push(Array.from({ length: 10_000 }, (_, index) => index + all.length));
  }),
  parserOf('grow', () => {
    const all = new Map<number, number>();
    for (let number = 0; ; number++) all.set(number, number);
  }),
  parserOf('bytes', async () => {
    const all: Buffer[] = [];
    for (;;) {
      all.push(Buffer.alloc(64 * 2 ** 20, 1));
      await setTimeout(20);
    }
  }),
  defineParser({
    format: 'load',
    version: 1,
    extensions: ['.load'],
    load: async () => {
      slowLibrary ??= setTimeout(1_000);
      await slowLibrary;
      return () => [{ blocks: [{ kind: 'paragraph', text: 'loaded', headings: [] }] }];
    },
  }),
  parserOf('pid', () => [{ blocks: [{ kind: 'paragraph', text: `${process.pid}`, headings: [] }] }]),
  parserOf('fault', () => {
    throw new RangeError('a fault of a library');
  }),
  parserOf('later', async () => {
    setImmediate(() => {
      throw new RangeError('a fault outside of the call');
    });
    return new Promise(() => {});
  }),
  parserOf('ours', ({ path }) => {
    throw new CemError('PARSE_ENCRYPTED', `${path} wants a password`, { details: { path } });
  }),
  parserOf('large', () => [{ blocks: Array.from({ length: 200 }, () => ({ kind: 'paragraph', text: 'word', headings: [] })) }]),
  parserOf('long', () => [{ blocks: [{ kind: 'paragraph', text: 'word'.repeat(5_000), headings: [] }] }]),
];
