import { UsageError } from '../../base/index.ts';
import { ANSWER_MEASURES, formatAnswers } from '../../eval/answers/index.ts';
import {
  type AnswerDocumentsResult,
  type AnswersEvaluation,
  type EvaluateAnswersOptions,
  evaluateAnswers,
  writeAnswerDocuments,
} from '../../recipes/evaluate-answers/index.ts';
import { defineCommand } from '../command.ts';
import { type AnswerOptions, answerOptions, readerChoice } from '../options/answer-options.ts';

/** Of the options of `cem ask`: not what is asked of one question alone. */
const {
  index: _index,
  filter: _filter,
  hyde: _hyde,
  rewrites: _rewrites,
  'self-query': _selfQuery,
  ...askOptions
} = answerOptions;

interface EvalAnswersOptions
  extends Omit<AnswerOptions, 'index' | 'filter' | 'hyde' | 'rewrites' | 'selfQuery'>,
    Pick<
      EvaluateAnswersOptions,
      'questions' | 'language' | 'measure' | 'withoutGold' | 'multiHop' | 'half' | 'limit' | 'output'
    > {
  readonly documents?: string | undefined;
}

/** Answers to a file of questions, measured. */
export const evalAnswersCommand = defineCommand<EvalAnswersOptions, AnswersEvaluation | AnswerDocumentsResult>({
  command: 'eval-answers',
  describe: 'Ask a collection a file of questions and measure the answers: exact match, F1, citations, refusals, latency',
  examples: [
    [
      'eval-answers --questions xquad.en.json --documents xquad.en.jsonl',
      'the paragraphs of a file in the form of SQuAD, for cem ingest',
    ],
    ['eval-answers --questions xquad.en.json --collection xquad.en --output answers', 'records, summary and a page'],
    [
      'eval-answers --questions xquad.en.json --collection xquad.en --without-gold',
      'with the right documents left out: does it say so?',
    ],
    [
      'eval-answers --questions cmrc.json --collection cmrc --retrievers bm25 --measure cmrc --half second',
      'as CMRC 2018 is measured, over the second half of the questions',
    ],
  ],
  options: (parser) =>
    parser
      .option('questions', {
        type: 'string',
        demandOption: true,
        describe: "SQuAD's JSON (1.1, 2.0, XQuAD, MLQA), CMRC 2018's, or JSONL with id, question, answers, gold in a line",
      })
      .option('documents', {
        type: 'string',
        describe: 'write the paragraphs of the questions to this file of JSONL, for cem ingest, and do nothing else',
      })
      .option('language', { choices: ['en', 'zh'] as const, describe: 'of questions and answers (as most questions are)' })
      .option('measure', {
        choices: ANSWER_MEASURES,
        describe: 'how answers are held against the right ones (squad in English, mlqa-zh in Chinese)',
      })
      .option('without-gold', {
        type: 'boolean',
        describe: 'ask each question without the documents that answer it, which the filter leaves out',
      })
      .option('multi-hop', { type: 'boolean', describe: 'questions need several documents: their bands are lower' })
      .option('half', { choices: ['first', 'second'] as const, describe: 'of the questions; all unless given' })
      .option('limit', { type: 'number', describe: 'ask only the first so many of them' })
      .option('output', { type: 'string', describe: 'folder for records.jsonl, summary.json and report.html' })
      .options(askOptions),
  run: async ({ documents, ...options }, listener) => {
    const { collection, questions } = options;
    if (documents !== undefined) return writeAnswerDocuments(questions, documents);
    if (collection !== undefined)
      return evaluateAnswers({ ...options, ...readerChoice({ ...options, hyde: false }), collection, listener });
    throw new UsageError(
      'ANSWER_COLLECTION',
      'name the --collection that is asked, or a file for the --documents of the questions',
    );
  },
  text: (result) =>
    'file' in result
      ? `${result.documents} documents of ${result.questions} questions in ${result.file}\nnext: cem ingest ${result.file} --into COLLECTION`
      : [formatAnswers(result), ...(result.files ? ['', `page       ${result.files.page}`] : [])].join('\n'),
});
