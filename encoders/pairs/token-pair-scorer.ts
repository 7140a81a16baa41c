import assert from 'node:assert/strict';
import { batchesByLength } from '../token-batches.ts';
import type { PairScorer, PairScorerDescription } from './pair-scorer.ts';
import {
  type LongTexts,
  type PairBatch,
  type PairSequence,
  type PairTokenizer,
  pairBatch,
  pairRoom,
  pairSequence,
  windowSequences,
} from './pair-sequences.ts';

/** How a scorer reads pairs. */
export interface PairReading {
  /** Tokens of a pair with its special tokens. */
  readonly maximumTokens: number;
  readonly longTexts: LongTexts;
  /** Pairs in one batch, at most. */
  readonly batchSize: number;
}

/** The model of a scorer. */
export interface PairModel {
  /** [rows] a logit of each pair */
  logits(batch: PairBatch): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** A scorer of pairs made of a tokenizer and a model: cuts pairs (or the text into windows), batches by length, and takes the best window of a text. */
export class TokenPairScorer implements PairScorer {
  readonly description: PairScorerDescription;
  readonly #tokenizer: PairTokenizer;
  readonly #model: PairModel;
  readonly #reading: PairReading;
  readonly #room: number;

  /**
   * @param model is disposed of with this
   * @throws UsageError `RERANKER_MAXIMUM_TOKENS`
   */
  constructor(description: PairScorerDescription, tokenizer: PairTokenizer, model: PairModel, reading: PairReading) {
    this.description = description;
    this.#tokenizer = tokenizer;
    this.#model = model;
    this.#reading = reading;
    this.#room = pairRoom(tokenizer.frame, reading.maximumTokens);
  }

  async scorePairs(query: string, texts: readonly string[], signal?: AbortSignal): Promise<Float32Array> {
    const { frame } = this.#tokenizer;
    const asked = this.#tokenizer.encode(query);
    const sequences: PairSequence[] = [];
    const owners: number[] = [];
    texts.forEach((text, owner) => {
      const ids = this.#tokenizer.encode(text);
      const pairs =
        this.#reading.longTexts === 'windows'
          ? windowSequences(frame, asked, ids, this.#room)
          : [pairSequence(frame, asked, ids, this.#room)];
      sequences.push(...pairs);
      owners.push(...pairs.map(() => owner));
    });
    const scores = new Float32Array(texts.length).fill(Number.NEGATIVE_INFINITY);
    const lengths = sequences.map(({ ids }) => ids.length);
    for (const members of batchesByLength(lengths, this.#reading.batchSize)) {
      signal?.throwIfAborted();
      const logits = await this.#model.logits(
        pairBatch(
          members.map((index) => sequences[index]!),
          this.#tokenizer,
        ),
      );
      assert.equal(logits.length, members.length, `${this.description.id} gave ${logits.length} logits`);
      members.forEach((index, row) => {
        const owner = owners[index]!;
        scores[owner] = Math.max(scores[owner]!, logits[row]!);
      });
    }
    signal?.throwIfAborted();
    return scores;
  }

  dispose(): Promise<void> {
    return this.#model.dispose();
  }
}
