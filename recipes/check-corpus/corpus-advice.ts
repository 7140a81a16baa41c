import { formatShare } from '../../base/index.ts';
import type { KnownShare } from '../../checkpoints/index.ts';

/** What is to be done with a checkpoint for a corpus: used as it is, adapted in minutes, or another one trained. */
export type CorpusVerdict = 'use' | 'adapt' | 'train';

export interface CorpusAdvice {
  readonly verdict: CorpusVerdict;
  /** Why, the figure that decided first. */
  readonly reasons: readonly string[];
}

interface AdviceInput {
  /** ISO 639-1; `und` where it is not known. */
  readonly language: string;
  /** Those of the checkpoint; undefined where it does not say. */
  readonly languages: readonly string[] | undefined;
  readonly known: Pick<KnownShare, 'words'> | null;
  readonly agreement: { readonly cosine: number } | null;
}

/*
 * Measured on cem-small-en, trained on technical documentation; 800 documents of each set, 80 of them compared, retention as `cem eval` gives it:
 *
 *   set            words known   n-grams known   mean cosine   retention
 *   techdocs dev         98.3%           94.7%         0.825         91%
 *   Cranfield            89.8%           88.6%         0.260         33%
 *   SciFact              79.0%           80.5%         0.241         15%
 *
 * The bounds are where a line through the first two sets crosses a retention of 80%.
 */

/** Mean cosine with the teacher from which a checkpoint is used as it is: 0.825 - (0.91 - 0.8) / (0.91 - 0.33) * (0.825 - 0.260), rounded. */
const USED_COSINE = 0.72;
/** The same by known occurrences of words, where there is no teacher to ask: 0.983 - (0.91 - 0.8) / (0.91 - 0.33) * (0.983 - 0.898), rounded. */
const USED_WORDS = 0.967;
/** With fewer known occurrences of words than this most of a text is new: another language or notation. No set here lies there, and what minutes bring is not measured. */
const ADAPTED_WORDS = 0.5;

/**
 * What the figures of a corpus mean. A language that the checkpoint was not trained on asks for another checkpoint; so do texts most of whose words it does not know. Else agreement with the teacher decides, and
 * where that is not known the share of words.
 */
export function corpusAdvice({ language, languages, known, agreement }: AdviceInput): CorpusAdvice {
  if (languages !== undefined && language !== 'und' && !languages.includes(language)) {
    return { verdict: 'train', reasons: [`the texts are in ${language}, the checkpoint was trained on ${languages.join(', ')}`] };
  }
  const words = known && `${formatShare(known.words.byOccurrence)} of the words' occurrences were trained`;
  if (known && known.words.byOccurrence < ADAPTED_WORDS) {
    return { verdict: 'train', reasons: [`${words}, less than ${formatShare(ADAPTED_WORDS)}`] };
  }
  if (agreement) {
    const use = agreement.cosine >= USED_COSINE;
    const decided = `mean cosine with the teacher ${agreement.cosine.toFixed(3)}, ${use ? 'at least' : 'less than'} ${USED_COSINE}`;
    return { verdict: use ? 'use' : 'adapt', reasons: [decided, ...(words ? [words] : [])] };
  }
  if (known) {
    const use = known.words.byOccurrence >= USED_WORDS;
    return {
      verdict: use ? 'use' : 'adapt',
      reasons: [`${words}, ${use ? 'at least' : 'less than'} ${formatShare(USED_WORDS)}`],
    };
  }
  return {
    verdict: 'adapt',
    reasons: [
      'the checkpoint does not record what it was trained on, and its teacher is not on this machine: adapting measures both',
    ],
  };
}
