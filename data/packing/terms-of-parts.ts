import assert from 'node:assert/strict';
import { contentSize } from '../../zpkg/index.ts';
import type { SectionToWrite } from '../metadata/metadata-format.ts';
import type { TermAnalyzer } from '../metadata/term-analyzer.ts';
import { TermsBuilder, termsOfTexts } from '../metadata/terms-builder.ts';
import type { CompressedPart } from './compression-messages.ts';

/** Takes the terms of documents' chunks while their text is at hand: texts come as they are read, and are cut as their parts come back compressed. */
export class TermsOfParts {
  readonly #analyzer: TermAnalyzer;
  readonly #builder: TermsBuilder;
  /** Of documents that were read and not yet compressed. */
  readonly #texts: string[] = [];

  /** @param dictionary of the container that the chunks go to */
  constructor(analyzer: TermAnalyzer, dictionary: Uint8Array) {
    this.#analyzer = analyzer;
    this.#builder = new TermsBuilder(analyzer.settings, dictionary);
  }

  read(text: string): void {
    this.#texts.push(text);
  }

  /**
   * @param parts of the first document that was read and not yet added
   * @throws CemError `METADATA_TOO_LARGE`
   */
  add(parts: readonly CompressedPart[]): void {
    const text = this.#texts.shift();
    assert.ok(text !== undefined, 'parts come after their text');
    const bytes = Buffer.from(text);
    let start = 0;
    for (const { frame, passages } of parts) {
      const content = bytes.subarray(start, start + contentSize(frame));
      start += content.length;
      const texts =
        passages.length === 0
          ? [content.toString('utf8')]
          : passages.map((passage) => content.toString('utf8', passage.start, passage.end));
      this.#builder.add(termsOfTexts(texts, this.#analyzer.terms));
    }
    assert.equal(start, bytes.length, 'the parts are the text');
  }

  /** As `TermsBuilder`. */
  get bytes(): number {
    return this.#builder.bytes;
  }

  finish(): SectionToWrite[] {
    return this.#builder.finish();
  }
}
