/** Words, or Chinese characters, of a shingle. */
const WORDS = { en: 8, zh: 16 } as const;
/** Share of a text's shingles that were seen before, from which it is a near duplicate. */
const NEAR = 0.5;

/** A text as it is compared: lower case, letters and digits, one blank between words. */
export function compared(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim();
}

/** 53 bits of a hash of a string: FNV-1a over UTF-16 units, twice with other starts. */
function hashOf(text: string, from: number, to: number): number {
  let [low, high] = [0x811c9dc5, 0x01000193];
  for (let index = from; index < to; index++) {
    const unit = text.charCodeAt(index);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x85ebca6b);
  }
  return (high >>> 11) * 4294967296 + (low >>> 0);
}

/** Hashes of a text's shingles: runs of words, in Chinese of characters; of a shorter text, the whole. */
export function shinglesOf(text: string, tag: 'en' | 'zh', size: number = WORDS[tag]): number[] {
  const plain = tag === 'zh' ? compared(text).replaceAll(' ', '') : compared(text);
  const starts = tag === 'zh' ? Array.from(plain, (_, index) => index) : wordStarts(plain);
  if (starts.length <= size) return plain === '' ? [] : [hashOf(plain, 0, plain.length)];
  const hashes: number[] = [];
  for (let index = 0; index + size <= starts.length; index++) {
    const end = index + size < starts.length ? starts[index + size]! - (tag === 'zh' ? 0 : 1) : plain.length;
    hashes.push(hashOf(plain, starts[index]!, end));
  }
  return hashes;
}

function wordStarts(plain: string): number[] {
  const starts = plain === '' ? [] : [0];
  for (let blank = plain.indexOf(' '); blank >= 0; blank = plain.indexOf(' ', blank + 1)) starts.push(blank + 1);
  return starts;
}

/** Takes texts that are not there yet, neither exactly nor nearly: half of their shingles are in texts that were taken. */
export class SeenTexts {
  readonly #tag: 'en' | 'zh';
  readonly #shingles = new Set<number>();

  constructor(tag: 'en' | 'zh') {
    this.#tag = tag;
  }

  /** Whether the text is new; it is known afterwards. */
  take(text: string): boolean {
    const shingles = shinglesOf(text, this.#tag);
    const known = shingles.filter((shingle) => this.#shingles.has(shingle)).length;
    if (known >= NEAR * shingles.length) return false;
    for (const shingle of shingles) this.#shingles.add(shingle);
    return true;
  }
}
