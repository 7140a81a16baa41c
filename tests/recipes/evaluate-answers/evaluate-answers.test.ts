import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isCemError } from '../../../base/index.ts';
import { evalAnswersCommand } from '../../../cli/commands/eval-answers.ts';
import type { Answer, AnswerRequest, SearchUnits } from '../../../rag/index.ts';
import { type AnswersEvaluation, evaluateAnswers, writeAnswerDocuments } from '../../../recipes/evaluate-answers/index.ts';
import { ingest } from '../../../recipes/ingest/index.ts';
import { runCommand } from '../../cli/run-command.ts';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { saveIngestStudent } from '../ingest/student.ts';

const test = suite('evaluation of answers over a collection');

const PARAGRAPHS = [
  {
    context: 'The lantern of the lighthouse is lit before sunset. Two keepers share the watch.',
    who: 'keepers share the watch',
    said: 'Two keepers',
  },
  {
    context: 'Cargo is loaded by the derrick. A pilot guides the ferry past the jetty.',
    who: 'Who guides the ferry?',
    said: 'A pilot',
  },
  {
    context: 'The harbour master keeps the tide tables. They are printed each spring.',
    who: 'When are tide tables printed?',
    said: 'each spring',
  },
];

const QUESTIONS = {
  version: '1.1',
  data: [
    {
      title: 'Harbour',
      paragraphs: PARAGRAPHS.map(({ context, who, said }, index) => ({
        context,
        qas: [{ id: `q${index}`, question: who, answers: [{ text: said, answer_start: context.indexOf(said) }] }],
      })),
    },
  ],
};

/** Says the second sentence of what was found first. */
const second = (search: SearchUnits) => ({
  answer: async ({ question, k = 5, filter }: AnswerRequest): Promise<Answer> => {
    const sources = await search(question, { k, filter });
    const [found] = sources;
    const text = found?.unit?.text.split('. ')[1] ?? '';
    const timings = { retrieve: 1, read: 2, total: 3 };
    const common = { sources, timings, dropped: 0, confidence: 0.5, model: 'second sentence' };
    if (found === undefined) return { ...common, answer: 'The documents do not say.', answered: false, citations: [] };
    const { document, chunk, passage } = found;
    const citation = { number: 1, document, chunk, passage, text, span: { start: 0, end: 1 }, relevance: 1 };
    return { ...common, answer: `${text} [1]`, answered: true, citations: [citation] };
  },
});

test('paragraphs are written, ingested and asked; records, summary and page agree', () =>
  withTemporaryFolder(async (folder) => {
    const [questions, documents, collection] = ['questions.json', 'documents.jsonl', 'collection'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    await writeFile(questions, JSON.stringify(QUESTIONS));
    const made = JSON.parse(
      await runCommand(evalAnswersCommand, ['eval-answers', '--questions', questions, '--documents', documents, '--json']),
    ) as object;
    assert.equal(made, { file: documents, documents: 3, questions: 3 });
    await saveIngestStudent(join(folder, 'run'));
    await ingest({ paths: [documents], into: collection, checkpoint: join(folder, 'run'), backend: 'cpu' });

    const output = join(folder, 'answers');
    const common = { collection, questions, retrievers: 'bm25' as const, answerer: second };
    const result = await evaluateAnswers({ ...common, output });
    assert.equal([result.questions, result.measure, result.language, result.model], [3, 'squad', 'en', 'second sentence']);
    // Each question has words of its own paragraph, and each answer stands in the second sentence but the last, whose question has one word of the first.
    assert.equal([result.hit_at_1, result.citation_recall, result.citation_precision, result.cited_answer], [1, 1, 1, 1]);
    // "Two keepers share the watch": 4 words without the article, 2 of them right: 2 x 2 / (4 + 2). "A pilot guides the ferry past the jetty": 5, 1 right: 2 / 6. "They are printed each spring": 5, 2 right: 4 / 7.
    assert.ok(Math.abs(result.f1! - (4 / 6 + 2 / 6 + 4 / 7) / 3) < 1e-12, String(result.f1));
    assert.ok(result.against_first_sentence!.difference > 0);
    assert.ok(result.context_tokens.mean > 10);
    const lines = (await readFile(join(output, 'records.jsonl'), 'utf8')).trim().split('\n');
    assert.is(lines.length, 3);
    assert.equal((JSON.parse(lines[1]!) as { retrieved: string[][] }).retrieved[0]!.at(-1), '1-2');
    const summary = JSON.parse(await readFile(join(output, 'summary.json'), 'utf8')) as AnswersEvaluation;
    assert.is(summary.f1, result.f1);
    assert.match(await readFile(join(output, 'report.html'), 'utf8'), /Answers to questions\.json/);

    // Each question has words of one document alone, and the filter leaves that out: nothing is found, and to say so is right.
    const without = await evaluateAnswers({ ...common, withoutGold: true, half: 'second', limit: 5 });
    assert.equal([without.questions, without.answerable.questions, without.refused, without.citation_recall], [1, 0, 1, null]);
    // A question without text is not asked.
    const own = join(folder, 'lines.jsonl');
    await writeFile(
      own,
      ['{"id": "a", "question": " ", "answers": ["x"]}', '{"id": "b", "question": "Who guides the ferry?"}'].join('\n'),
    );
    const unasked = await evaluateAnswers({ ...common, questions: own });
    assert.equal([unasked.questions, unasked.falsely_refused, unasked.model], [2, 1, 'second sentence']);
  }));

test('what is wrong is said by name', () =>
  withTemporaryFolder(async (folder) => {
    const refused = async (code: string, run: Promise<unknown>): Promise<void> => {
      try {
        await run;
        assert.unreachable(code);
      } catch (error) {
        assert.ok(isCemError(error) && error.code === code, String(error));
      }
    };
    const missing = join(folder, 'missing.json');
    await refused('ANSWER_QUESTIONS_FILE', writeAnswerDocuments(missing, join(folder, 'out.jsonl')));
    await refused('ANSWER_COLLECTION', runCommand(evalAnswersCommand, ['eval-answers', '--questions', missing]));
    const lines = join(folder, 'lines.jsonl');
    await writeFile(lines, '{"id": "a", "question": "Who?"}\n');
    await refused('ANSWER_NO_DOCUMENTS', writeAnswerDocuments(lines, join(folder, 'out.jsonl')));
    await refused('ANSWER_QUESTIONS_PART', evaluateAnswers({ collection: folder, questions: lines, limit: 0 }));
    await refused('ANSWER_QUESTIONS_PART', evaluateAnswers({ collection: folder, questions: lines, half: 'second' }));
  }));

test.run();
