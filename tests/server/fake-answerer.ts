import type { SearchUnits } from '../../rag/index.ts';
import type { Answer, AnswerEvent, AnswerRequest, AnswerService, Citation } from '../../server/collection-service.ts';

/** Answers with the first words of what it finds, each a citation. The question "slow" takes until its signal is aborted, "broken" fails in the middle. */
export function fakeAnswerer(search: SearchUnits, aborted: string[] = []): AnswerService {
  const answerOf = async ({ question, k = 3, filter, signal }: AnswerRequest): Promise<Answer> => {
    const sources = await search(question, { k, filter, signal });
    const citations = sources.map((source, place): Citation => {
      const text = source.text.slice(0, 12);
      const span = { start: 0, end: Buffer.byteLength(text) };
      const { document, chunk, passage } = source;
      return { number: place + 1, document, chunk, passage, text, span, relevance: 0.5 };
    });
    return {
      answer: citations.map(({ number, text }) => `${text} [${number}]`).join(' '),
      answered: citations.length > 0,
      citations,
      confidence: 0.5,
      dropped: 1,
      sources,
      timings: { retrieve: 1.23, read: 2, total: 3.23 },
      usage: { promptTokens: 10, completionTokens: 5 },
      model: 'fake',
    };
  };
  return {
    async answer(request) {
      if (request.question === 'slow') await gone(request.signal!, aborted);
      return answerOf(request);
    },
    async *stream(request): AsyncGenerator<AnswerEvent> {
      const answer = await answerOf(request);
      yield { type: 'sources', sources: answer.sources };
      if (request.question === 'slow') await gone(request.signal!, aborted);
      if (request.question === 'broken') throw new TypeError('secret');
      yield { type: 'delta', text: answer.answer };
      for (const citation of answer.citations) yield { type: 'citation', citation };
      yield { type: 'done', answer };
    },
  };
}

function gone(signal: AbortSignal, aborted: string[]): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      aborted.push('slow');
      reject(signal.reason);
    });
  });
}
