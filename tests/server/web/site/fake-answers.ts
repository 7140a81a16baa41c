import { FAKE_DOCUMENTS, MARKUP } from './fake-texts.ts';

export interface FakeEvent {
  readonly event: string;
  readonly data: unknown;
}

/** A citation of a quote, in the unit of a document that has it. */
function citation(number: number, documentId: string, quote: string): Readonly<Record<string, unknown>> {
  const { source, title, fields, texts } = FAKE_DOCUMENTS.find(({ id }) => id === documentId)!;
  const unit = texts.findIndex(({ text }) => text.includes(quote));
  const { text, pages, headings } = texts[unit]!;
  const start = Buffer.byteLength(text.slice(0, text.indexOf(quote)));
  const span = { start, end: start + Buffer.byteLength(quote) };
  const place = { source, title, fields, pages, headings };
  return { number, document: `${documentId}-${unit}`, chunk: unit, passage: 0, text: quote, span, relevance: 0.8, ...place };
}

/** A result, as a search has it. */
export function fakeResult(documentId: string, unit: number, rank: number): Readonly<Record<string, unknown>> {
  const { source, title, language, fields, texts } = FAKE_DOCUMENTS.find(({ id }) => id === documentId)!;
  const { text, pages, headings } = texts[unit]!;
  return {
    id: `${documentId}-${unit}`,
    document: documentId,
    score: 0.0327 - rank / 1000,
    chunk: unit,
    passage: 0,
    text,
    metadata: { source, title, language, fields, pages, headings },
    parts: [
      { retriever: 'bm25', rank: rank + 1, score: 11.8125 - rank },
      { retriever: 'vectors', rank: rank + 2, score: 0.7321 - rank / 100 },
    ],
    retriever: 'hybrid',
  };
}

const ANSWERS = {
  resume: {
    answer:
      '`cem train --resume runs/first` takes up the newest checkpoint and goes on with the step behind it. [1] A checkpoint is written every 500 steps and when a run is asked to stop. [2]\n\nThe learning rate, the order of the batches and the random numbers are those that the run would have had without the stop. [1] See also [7].',
    citations: [
      citation(1, 'd1', '`cem train --resume runs/first` takes up the newest checkpoint and goes on with the step behind it.'),
      citation(2, 'd2', 'A checkpoint is written every 500 steps and when a run is asked to stop.'),
    ],
    sources: [fakeResult('d1', 12, 0), fakeResult('d2', 0, 1)],
    short_answer: { text: 'cem train --resume runs/first', citation: 1, span: { start: 91, end: 120 } },
  },
  工时: {
    answer: '劳动者每日工作时间不超过八小时，平均每周工作时间不超过四十四小时。[1]',
    citations: [citation(1, 'd3', '国家实行劳动者每日工作时间不超过八小时、平均每周工作时间不超过四十四小时的工时制度。')],
    sources: [fakeResult('d3', 0, 0)],
  },
  markup: {
    answer: `It says ${MARKUP}. [1]`,
    citations: [citation(1, 'd4', MARKUP)],
    sources: [fakeResult('d4', 0, 0)],
  },
} as const;

/** The answer that a question gets, as the server's events: by a word in it; where the documents do not say, without one. */
export function fakeAnswer(question: string): FakeEvent[] {
  const word = Object.keys(ANSWERS).find((one) => question.includes(one)) as keyof typeof ANSWERS | undefined;
  const { answer, citations, sources } =
    word === undefined
      ? { answer: 'The documents do not say.', citations: [], sources: [fakeResult('d2', 0, 0)] }
      : ANSWERS[word];
  const answered = word !== undefined;
  const whole = {
    answer,
    answered,
    citations,
    confidence: answered ? 0.82 : 0.11,
    dropped: word === 'resume' ? 1 : 0,
    sources,
    ...(word === 'resume' && { short_answer: ANSWERS.resume.short_answer }),
    timings: { retrieve: 18.4, rerank: 6.2, read: 112.7, total: 137.3 },
    model: 'extractive',
    ...(question === 'and how often? resume' && { question: 'How often is a checkpoint written, to resume from?' }),
  };
  // Cut in the midst of words and of citations.
  const deltas = answer.match(/[\s\S]{1,7}/g)!.map((text) => ({ event: 'delta', data: { text } }));
  return [
    { event: 'sources', data: { sources } },
    ...deltas,
    ...citations.map((data) => ({ event: 'citation', data })),
    { event: 'done', data: whole },
  ];
}
