/** A unit of the documents that the fake server holds. */
interface FakeUnit {
  readonly headings?: readonly string[];
  readonly pages?: { readonly first: number; readonly last: number };
  readonly text: string;
}

export interface FakeDocument {
  readonly id: string;
  readonly source: string;
  readonly title?: string;
  readonly language: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly labels?: readonly string[];
  readonly texts: readonly FakeUnit[];
}

/** Markup that sets a name on the page where anything takes it for markup. */
export const MARKUP = '<img src="x" onerror="globalThis.taken = true"><script>globalThis.taken = true</script>';

/** Chapters of a document that is longer than a screen. */
const chapter = (number: number): FakeUnit => ({
  headings: ['Operations', `Chapter ${number}`],
  text: `Chapter ${number} describes what is done on an ordinary day. ${'Operators read the board, answer what waits and write down what they changed. '.repeat(3)}`,
});

const section = (heading: string, text: string): FakeUnit => ({ headings: ['Training', heading], text });

const BEFORE: readonly FakeUnit[] = [
  ...Array.from({ length: 9 }, (_, i) => chapter(i + 1)),
  section(
    'Starting a run',
    '`cem train --config configs/small.yaml --run runs/first` packs the corpus if it is not packed yet, asks the teacher for the vectors that are missing, and begins. Everything a run needs later is copied into its folder.',
  ),
  section(
    'Following it',
    'Every ten steps a line is added to `metrics.jsonl`: the loss and its terms, the learning rate, texts a second, memory. The dashboard draws these lines while they are written.',
  ),
  section(
    'Stopping it',
    'A run that is asked to stop ends the step that it is in, writes a checkpoint and leaves. A second signal ends it at once; the newest checkpoint is then at most 500 steps old.',
  ),
];

const AFTER: readonly FakeUnit[] = [
  section(
    'Another machine',
    'The folder of a run can be moved. Paths in it are relative, and what was packed and labelled comes along, so that nothing is computed again on the other machine.',
  ),
  section(
    'Other settings',
    'Settings that would change what was learnt so far, such as the width of the model, are refused by name when a run is resumed. Those that only concern the rest, such as the number of steps, are taken.',
  ),
  ...Array.from({ length: 10 }, (_, i) => chapter(i + 10)),
];

/** Something of everything: heads and pages, fields, texts beyond ASCII before a quote, Chinese, markup. */
export const FAKE_DOCUMENTS: readonly FakeDocument[] = [
  {
    id: 'd1',
    source: 'guide/training.md',
    title: 'Training a model',
    language: 'en',
    fields: { year: 2026 },
    texts: [
      ...BEFORE,
      {
        headings: ['Training', 'Resuming a run'],
        pages: { first: 12, last: 13 },
        text: 'A run that was stopped – by “Ctrl + C”, a power cut or a full disk – is not lost. `cem train --resume runs/first` takes up the newest checkpoint and goes on with the step behind it. The learning rate, the order of the batches and the random numbers are those that the run would have had without the stop.',
      },
      ...AFTER,
    ],
  },
  {
    id: 'd2',
    source: 'guide/checkpoints.md',
    title: 'Checkpoints',
    language: 'en',
    texts: [
      {
        headings: ['Checkpoints', 'How often'],
        text: 'A checkpoint is written every 500 steps and when a run is asked to stop. The last three are kept, and the one that was best on the dev set.',
      },
    ],
  },
  {
    id: 'd3',
    source: 'laws/中华人民共和国劳动法.md',
    title: '中华人民共和国劳动法',
    language: 'zh',
    fields: { chapter: '第四章', article: '第三十六条' },
    texts: [
      {
        headings: ['第四章 工作时间和休息休假'],
        text: '第三十六条 国家实行劳动者每日工作时间不超过八小时、平均每周工作时间不超过四十四小时的工时制度。',
      },
    ],
  },
  {
    id: 'd4',
    source: `notes/${MARKUP}.md`,
    title: MARKUP,
    language: 'en',
    labels: [MARKUP],
    fields: { note: MARKUP },
    texts: [{ headings: [MARKUP], text: `Before ${MARKUP} after.` }],
  },
];
