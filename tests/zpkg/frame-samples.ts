import { readFileSync } from 'node:fs';
import { Compressor } from 'zstd-napi';
import type { FrameSymbols } from '../../zpkg/frame/frame.ts';

/** Deterministic pseudo random numbers in [0, 1) (mulberry32). */
export function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const encoder = new TextEncoder();

const ENGLISH = `A compressed archive keeps every document once, and a search that reads the archive should not have to unpack it first.
The reader opens the index, finds where a chunk begins, and takes exactly those bytes. When the disk is slow, fewer bytes are faster bytes.
Whoever writes a format has to say what happens when a file is cut short, when two lengths disagree, and when a number is larger than memory.
Most of the words in a manual have been used before: the dictionary holds them, and a copy costs two or three bytes instead of ten.`;

const CHINESE = `压缩文件只保存一次原文,检索时不必先解开全部内容。读取程序打开索引,找到文档所在的位置,只取需要的字节。
合同自双方签字之日起生效。任何一方违反约定的,应当赔偿对方因此受到的损失。当事人对赔偿金额有争议的,可以请求人民法院裁定。
词典里已经有的词语不用再写一遍,两三个字节就能指出它在哪里。数据损坏的时候,程序应当说明在第几个字节发现了问题。`;

/** `bytes` bytes of sentences of `text` in random order with random numbers between them. */
function shuffled(text: string, bytes: number, seed: number): Uint8Array {
  const next = random(seed);
  const sentences = text.split(/(?<=[.。,,])/u);
  const parts: string[] = [];
  for (let length = 0; length < bytes; ) {
    const part = `${sentences[Math.floor(next() * sentences.length)]} ${Math.floor(next() * 1000)} `;
    parts.push(part);
    length += Buffer.byteLength(part);
  }
  return encoder.encode(parts.join('')).subarray(0, bytes);
}

export function english(bytes: number, seed = 1): Uint8Array {
  return shuffled(ENGLISH, bytes, seed);
}

export function chinese(bytes: number, seed = 1): Uint8Array {
  return shuffled(CHINESE, bytes, seed);
}

/** Source code: this project's own. */
export function sourceCode(): Uint8Array {
  return new Uint8Array(readFileSync(new URL('../../zpkg/frame/sequences.ts', import.meta.url)));
}

export function noise(bytes: number, seed = 1): Uint8Array {
  const next = random(seed);
  return Uint8Array.from({ length: bytes }, () => Math.floor(next() * 256));
}

/** A frame made by the reference library. */
export function compress(data: Uint8Array, level: number, dictionary?: Uint8Array, checksum = false): Uint8Array {
  const compressor = new Compressor();
  compressor.setParameters({ compressionLevel: level, checksumFlag: checksum });
  if (dictionary !== undefined) compressor.loadDictionary(dictionary);
  return compressor.compress(data);
}

/** Executes literals and copies. Tests only: nothing else in this project may do this. */
export function expand(symbols: FrameSymbols, dictionaryContent: Uint8Array = new Uint8Array(0)): Uint8Array {
  const output = new Uint8Array(dictionaryContent.length + symbols.size);
  output.set(dictionaryContent);
  let at = dictionaryContent.length;
  let literal = 0;
  for (let i = 0; i < symbols.count; i++) {
    const offset = symbols.offsets[i]!;
    if (offset === 0) {
      output[at++] = symbols.literals[literal++]!;
    } else {
      for (let left = symbols.lengths[i]!; left > 0; left--, at++) output[at] = output[at - offset]!;
    }
  }
  return at === output.length && literal === symbols.literals.length
    ? output.subarray(dictionaryContent.length)
    : new Uint8Array(0);
}
