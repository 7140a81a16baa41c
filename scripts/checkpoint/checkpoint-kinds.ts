/** A set that a checkpoint is measured on. */
interface CheckpointSet {
  /** `evaluation-<name>.json` in the checkpoint's folder. */
  readonly name: string;
  /** A folder in BEIR layout, or a file of questions in SQuAD's form, below the folder of data sets. */
  readonly data: string;
  readonly split: string;
  readonly candidates: 'corpus' | 'judged';
  /** As the model card names it. */
  readonly title: string;
}

/** What `npm run checkpoint -- LANGUAGE` makes. */
export interface CheckpointKind {
  /** What `cem fetch-corpus` makes, in `corpora/`. */
  readonly corpus: string;
  readonly config: string;
  /** The config's `name`: its run is `runs/<name>`. */
  readonly run: string;
  readonly output: string;
  readonly sets: readonly CheckpointSet[];
}

const wholeTest = { split: 'test', candidates: 'corpus' } as const;

export const CHECKPOINT_KINDS: Readonly<Record<string, CheckpointKind>> = {
  en: {
    corpus: 'broad-en',
    config: 'configs/cem-small-en-broad.yaml',
    run: 'cem-small-en-broad',
    output: 'checkpoints/cem-small-en',
    sets: [
      { name: 'cranfield', data: 'cranfield-beir', ...wholeTest, title: 'Cranfield test, all 1,400 documents' },
      { name: 'scifact', data: 'scifact-beir', ...wholeTest, title: 'SciFact test, all 5,183 documents' },
      { name: 'xquad-en', data: 'xquad-qa/en.json', ...wholeTest, title: 'XQuAD in English, questions to paragraphs' },
      { name: 'techdocs', data: 'techdocs-beir', split: 'dev', candidates: 'judged', title: 'techdocs dev, its 2,000 documents' },
    ],
  },
  zh: {
    corpus: 'broad-zh',
    config: 'configs/cem-small-zh-broad.yaml',
    run: 'cem-small-zh-broad',
    output: 'checkpoints/cem-small-zh',
    sets: [
      { name: 'cmrc', data: 'cmrc-trial-qa/trial.json', ...wholeTest, title: 'CMRC 2018 trial, questions to paragraphs' },
      { name: 'xquad-zh', data: 'xquad-qa/zh.json', ...wholeTest, title: 'XQuAD in Chinese, questions to paragraphs' },
      {
        name: 'law-low',
        data: 'law-zh-beir',
        split: 'low',
        candidates: 'corpus',
        title: 'law-zh, colloquial questions, all articles',
      },
      { name: 'law', data: 'law-zh-beir', ...wholeTest, title: 'law-zh, precise questions, all articles' },
    ],
  },
};
