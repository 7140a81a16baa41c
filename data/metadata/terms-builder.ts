import { CemError, countTerms, type TermCounts } from '../../base/index.ts';
import { type Compressor, createCompressor } from '../../zpkg/index.ts';
import {
  ANALYZER_SECTION,
  LARGEST_BLOCK,
  MOST_IN_BLOCK,
  type SectionToWrite,
  sectionSize,
  TERMS_SECTION,
} from './metadata-format.ts';
import { type AnalyzerDescription, analyzerText } from './term-analyzer.ts';
import { encodeTerms } from './terms-block.ts';

/** A block ends when it has so many postings (terms of a passage, each counted once): what is decoded for one chunk, and enough to compress well. */
const BLOCK_POSTINGS = 1 << 19;
/** Written once, read often. */
const LEVEL = 19;

/** The terms of a chunk's passages, one list each. */
export function termsOfTexts(passages: readonly string[], terms: (text: string) => readonly string[]): TermCounts[] {
  return passages.map((text) => countTerms(terms(text)));
}

/** Gathers the terms of a container's chunks in order, and compresses them block by block. */
export class TermsBuilder {
  readonly #analyzer: AnalyzerDescription;
  readonly #compressor: Compressor;
  readonly #blocks: { frame: Uint8Array; count: number }[] = [];
  #sections: SectionToWrite[] = [];
  #chunks: (readonly TermCounts[])[] = [];
  /** Of `#chunks`. */
  #postings = 0;

  /** @param dictionary of the container that has the chunks */
  constructor(analyzer: AnalyzerDescription, dictionary: Uint8Array) {
    this.#analyzer = analyzer;
    this.#compressor = createCompressor({ level: LEVEL, dictionary });
  }

  /**
   * @param passages the terms of each of the next chunk's passages
   * @throws CemError `METADATA_TOO_LARGE`
   */
  add(passages: readonly TermCounts[]): void {
    const postings = passages.reduce((sum, { terms }) => sum + terms.length, 0);
    if (this.#chunks.length === MOST_IN_BLOCK || (this.#postings > 0 && this.#postings + postings > BLOCK_POSTINGS))
      this.#endBlock();
    this.#chunks.push(passages);
    this.#postings += postings;
  }

  /** What terms and analyzer take in the file, after `finish`. */
  get bytes(): number {
    return this.#sections.reduce((sum, { blocks }) => sum + sectionSize(blocks.map(({ frame }) => ({ size: frame.length }))), 0);
  }

  /** The sections to write. Throws as `add`. */
  finish(): SectionToWrite[] {
    this.#endBlock();
    const analyzer = this.#compressor.compress(Buffer.from(analyzerText(this.#analyzer)));
    this.#sections = [
      { kind: TERMS_SECTION, mayBeSkipped: true, blocks: this.#blocks },
      { kind: ANALYZER_SECTION, mayBeSkipped: true, blocks: [{ frame: analyzer, count: 1 }] },
    ];
    return this.#sections;
  }

  #endBlock(): void {
    if (this.#chunks.length === 0) return;
    const content = encodeTerms(this.#chunks);
    if (content.length > LARGEST_BLOCK) {
      throw new CemError(
        'METADATA_TOO_LARGE',
        `the terms of ${this.#chunks.length} chunks take ${content.length} bytes, and ${LARGEST_BLOCK} are allowed: pack with smaller chunks, or without terms`,
        { details: { bytes: content.length } },
      );
    }
    this.#blocks.push({ frame: this.#compressor.compress(content), count: this.#chunks.length });
    this.#chunks = [];
    this.#postings = 0;
  }
}
