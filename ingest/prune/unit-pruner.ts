import { CemError } from '../../base/index.ts';
import { splitText, type TokenCounter } from '../units/index.ts';
import { type PruneSettingsInput, parsePruneSettings } from './prune-settings.ts';
import { lexicalScorer, type SegmentScorer } from './segment-scorer.ts';
import { type Segment, segmentsOf } from './segments.ts';

export interface PrunedUnit {
  readonly text: string;
  readonly tokens: number;
  /** Tokens before. */
  readonly before: number;
  /** 1 - tokens / before; 0 for an empty text. */
  readonly compression: number;
  /** Segments of the text, and the numbers of those that were kept, ascending. */
  readonly segments: number;
  readonly kept: readonly number[];
  /** Which of them was cut off to fit. */
  readonly truncated?: number;
}

const BETWEEN = '\n\n';
/** With less room than this nothing is cut off to fit. */
const FEWEST_TOKENS = 16;

/**
 * Makes a unit fit a budget of tokens: its segments are scored, the best are kept while they fit, the first that does not is cut off between sentences, and what is kept stands in its old order. A table or
 * code is left out rather than cut, unless there is nothing else.
 */
export class DynamicUnitPruner {
  readonly #counter: TokenCounter;
  readonly #scorer: SegmentScorer;
  readonly #target: number;

  /**
   * @param scorer by words unless given
   * @throws UsageError `PRUNE_OPTIONS`
   */
  constructor(counter: TokenCounter, settings: PruneSettingsInput = {}, scorer: SegmentScorer = lexicalScorer()) {
    this.#counter = counter;
    this.#scorer = scorer;
    this.#target = parsePruneSettings(settings).targetTokens;
  }

  /**
   * @param text of a unit, as Markdown
   * @param query what segments shall say something about; without it, about what the unit is about
   * @throws CemError `PRUNE_SCORES` when the scorer gives another number of scores than it was given segments, or one that is no number
   */
  async prune(text: string, query?: string): Promise<PrunedUnit> {
    const before = this.#counter.count(text);
    const segments = segmentsOf(text);
    if (before <= this.#target)
      return { text, tokens: before, before, compression: 0, segments: segments.length, kept: [...segments.keys()] };
    const texts = segments.map((segment) => segment.text);
    const scores = await this.#scorer(texts, query);
    assertScores(scores, segments.length);
    const order = [...segments.keys()].sort((left, right) => scores[right]! - scores[left]! || left - right);
    const chosen = this.#fill(segments, order);
    const kept = [...chosen.texts.keys()].sort((left, right) => left - right);
    const pruned = kept.map((number) => chosen.texts.get(number)!).join(BETWEEN);
    const tokens = this.#counter.count(pruned);
    return {
      text: pruned,
      tokens,
      before,
      compression: 1 - tokens / before,
      segments: segments.length,
      kept,
      ...(chosen.truncated !== undefined && { truncated: chosen.truncated }),
    };
  }

  /** @param order numbers of the segments, the best first */
  #fill(segments: readonly Segment[], order: readonly number[]): { texts: Map<number, string>; truncated?: number } {
    const texts = new Map<number, string>();
    let left = this.#target;
    for (const number of order) {
      const { text, isWhole } = segments[number]!;
      const tokens = this.#counter.count(text + BETWEEN);
      if (tokens <= left) {
        texts.set(number, text);
        left -= tokens;
        continue;
      }
      if (isWhole) continue;
      const truncated = this.#beginningOf(text, left);
      return truncated === '' ? { texts } : { texts: texts.set(number, truncated), truncated: number };
    }
    if (texts.size > 0) return { texts };
    const [best] = order as [number];
    return { texts: texts.set(best, this.#beginningOf(segments[best]!.text, left)), truncated: best };
  }

  /** As many sentences as fit; nothing where the first does not, unless the whole budget is left, which holds a part of it. */
  #beginningOf(text: string, tokens: number): string {
    if (tokens < FEWEST_TOKENS) return '';
    const fits = (part: string): boolean => this.#counter.count(part + BETWEEN) <= tokens;
    const [first, second] = splitText(text, (part) => part, fits);
    const cutsSentence = second?.startsAt === 'inside';
    return cutsSentence && tokens < this.#target ? '' : first!.text;
  }
}

function assertScores(scores: ArrayLike<number>, segments: number): void {
  const wrong = Array.from(scores).find((score) => Number.isNaN(score));
  if (scores.length === segments && wrong === undefined) return;
  throw new CemError(
    'PRUNE_SCORES',
    `the scorer gave ${scores.length} scores for ${segments} segments${wrong === undefined ? '' : ', one of which is no number'}; it must give a number for each, in their order`,
    { details: { scores: scores.length, segments } },
  );
}
