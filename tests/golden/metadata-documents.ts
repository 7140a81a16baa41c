import type { Document, TermAnalyzer } from '../../data/index.ts';

/** Of the golden container with metadata. */
export const METADATA_DICTIONARY = Buffer.from('Install the package, then run the program. Installing on another machine.');

const report = Array.from({ length: 60 }, (_, number) => `Item ${number * 7919} was counted in ${number * 104729} places.`).join('\n');

/** What it holds: every kind of metadata, and none. */
export const METADATA_DOCUMENTS: readonly Document[] = [
  {
    id: 'guide/install.md',
    title: '',
    text: 'Install the package, then run the program.',
    metadata: { title: 'Installing', source: 'guide/install.md', language: 'en', fields: { author: 'someone', tags: ['a', null, { b: 1.5 }] } },
  },
  { id: 'titled', title: 'A title of the text', text: 'And its text.' },
  { id: 'empty', title: '', text: '' },
  {
    id: '报告',
    title: '年度报告',
    text: report,
    metadata: {
      source: 'https://example.org/report.pdf',
      pages: { first: 3, last: 5 },
      headings: ['Report', 'Items'],
      span: { start: 1000, end: 1000 + report.length },
      labels: ['staff', 'auditors'],
    },
  },
  { id: 'indented', title: '', text: '  indented text\n', metadata: { span: { start: 5, end: 100 }, labels: [] } },
];

const chapter = (number: number, sentence: string) => `## ${number} ${sentence.slice(0, 4)}\n\n${sentence.repeat(2 + (number % 3))}\n\n`;

/** Of the golden containers with passages: chunks of one passage and of several, in one byte a character and in three. */
export const PASSAGES_DOCUMENTS: readonly Document[] = [
  { id: 'short', title: 'Short', text: 'One passage.' },
  {
    id: 'long',
    title: 'Numbers',
    text: Array.from({ length: 12 }, (_, number) => chapter(number, `Part ${number * 7919} has ${number * 104729} places. `)).join(''),
  },
  { id: '长', title: '', text: Array.from({ length: 9 }, (_, number) => chapter(number, `第${number * 31}条有${number * 17}个地方。它说了什么？`)).join('') },
  { id: 'empty', title: '', text: '' },
];

/** How they are packed. */
export const PASSAGES_PACKING = {
  dictionary: METADATA_DICTIONARY,
  targetChunkSize: 150,
  workers: 1,
  passageSize: 128,
  passageOverlap: 24,
};

/** Of the golden container with terms: words, and single characters of Chinese. */
export const TERMS_ANALYZER: TermAnalyzer = {
  settings: { kind: 'golden', options: { lower: true }, fingerprint: 'g1' },
  terms: (text) => text.toLowerCase().match(/[a-z0-9]+|\p{Script=Han}/gu) ?? [],
};
