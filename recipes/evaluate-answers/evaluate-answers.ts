import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { inStage, readTextIfThere, UsageError, writeFileAtomically } from '../../base/index.ts';
import {
  type AnswerMeasure,
  type AnswerQuestion,
  type AnswerRecord,
  type AnswerSummary,
  answersPage,
  parseAnswerQuestions,
  type ScoredAnswer,
  scoreRecord,
  summariseAnswers,
} from '../../eval/answers/index.ts';
import { type LongCall, listenerOf } from '../shared/call.ts';
import { answerRecord, unaskedRecord } from './answer-record.ts';
import { type AskOptions, type OpenAsk, openAsk } from './open-ask.ts';

export interface EvaluateAnswersOptions extends LongCall, AskOptions {
  /** SQuAD's JSON, CMRC 2018's JSON, or JSONL of ours: `parseAnswerQuestions`. */
  readonly questions: string;
  /** Of questions and answers; by whether most questions have Chinese characters unless given. */
  readonly language?: 'en' | 'zh' | undefined;
  /** How answers are compared with the right ones; `squad` of English, `mlqa-zh` of Chinese unless given. */
  readonly measure?: AnswerMeasure | undefined;
  /** Every question is asked with the documents that hold its answer left out by the filter: what is right then is to say that the documents do not say. */
  readonly withoutGold?: boolean | undefined;
  /** Whether questions need several documents, which have bands of their own. */
  readonly multiHop?: boolean | undefined;
  /** Part of the questions: what is chosen on the first half of a file can be measured on the second. */
  readonly half?: 'first' | 'second' | undefined;
  /** Of these, the first so many. */
  readonly limit?: number | undefined;
  /** Folder for records.jsonl, summary.json and report.html. */
  readonly output?: string | undefined;
}

export interface AnswersEvaluation extends AnswerSummary {
  readonly collection: string;
  readonly data: string;
  readonly language: 'en' | 'zh';
  readonly k: number;
  readonly without_gold: boolean;
  /** What wrote the answers. */
  readonly model: string;
  /** What ranked, where it is not vectors alone. */
  readonly retrievers: string;
  readonly files: { readonly records: string; readonly summary: string; readonly page: string } | null;
}

/** Units that are read: as `cem ask` does. */
const DEFAULT_K = 8;
const HAN = /\p{Script=Han}/u;

/**
 * Asks a collection every question of a file, one after the other, and measures the answers. A question without text is not asked, and counts as one that is not answered.
 *
 * @throws UsageError `ANSWER_QUESTIONS_FILE`, `ANSWER_QUESTIONS_PART`; CemError `ANSWER_QUESTIONS`; and what opening the collection and answering throw
 */
export async function evaluateAnswers(options: EvaluateAnswersOptions): Promise<AnswersEvaluation> {
  const { collection, withoutGold = false, output, k = DEFAULT_K, signal } = options;
  const listener = listenerOf(options);
  const questions = partOf(await readQuestions(options.questions), options);
  const language = options.language ?? languageOf(questions);
  const measure = options.measure ?? (language === 'zh' ? 'mlqa-zh' : 'squad');
  await using asked = await openAsk({ ...options, k, language, listener });
  const records: ScoredAnswer[] = [];
  await inStage(listener, 'answering', async (stage) => {
    for (const question of questions) {
      signal?.throwIfAborted();
      const wanted = withoutGold ? { ...question, answers: [], gold: [], answerable: false } : question;
      records.push(scoreRecord(await recordOf(wanted, asked, withoutGold ? question.gold : []), measure));
      stage.progress(records.length, questions.length);
    }
  });
  const summary = summariseAnswers(records, { measure, multiHop: options.multiHop });
  const described = {
    collection,
    data: options.questions,
    language,
    k,
    without_gold: withoutGold,
    model: [...new Set(records.flatMap(({ model }) => model || []))].join(', '),
    retrievers: asked.retrievers,
  };
  const files = output === undefined ? null : await writeFiles(output, described, summary, records);
  return { ...summary, ...described, files };
}

function recordOf(question: AnswerQuestion, asked: OpenAsk, without: readonly string[]): Promise<AnswerRecord> | AnswerRecord {
  // What has no text is not asked.
  if (question.question.trim() === '') return unaskedRecord(question);
  return asked.ask(question.question, without).then(({ answer, found }) => answerRecord(question, answer, found));
}

async function readQuestions(path: string): Promise<readonly AnswerQuestion[]> {
  return parseAnswerQuestions(await textOf(path), path).questions;
}

async function textOf(path: string): Promise<string> {
  const text = await readTextIfThere(path);
  if (text !== undefined) return text;
  throw new UsageError('ANSWER_QUESTIONS_FILE', `${path} is not there: name a file of questions with their answers`, {
    details: { path },
  });
}

function partOf(
  questions: readonly AnswerQuestion[],
  { half, limit }: Pick<EvaluateAnswersOptions, 'half' | 'limit'>,
): readonly AnswerQuestion[] {
  if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 1)) {
    throw new UsageError('ANSWER_QUESTIONS_PART', `--limit is a number of questions from 1, not ${limit}`, {
      details: { limit },
    });
  }
  const middle = Math.ceil(questions.length / 2);
  const part = half === undefined ? questions : half === 'first' ? questions.slice(0, middle) : questions.slice(middle);
  if (part.length > 0) return part.slice(0, limit);
  throw new UsageError('ANSWER_QUESTIONS_PART', `the ${half} half of one question is empty: leave --half out`);
}

function languageOf(questions: readonly AnswerQuestion[]): 'en' | 'zh' {
  const chinese = questions.filter(({ question }) => HAN.test(question)).length;
  return 2 * chinese > questions.length ? 'zh' : 'en';
}

async function writeFiles(
  folder: string,
  described: Omit<AnswersEvaluation, keyof AnswerSummary | 'files'>,
  summary: AnswerSummary,
  records: readonly ScoredAnswer[],
): Promise<NonNullable<AnswersEvaluation['files']>> {
  await mkdir(folder, { recursive: true });
  const files = {
    records: join(folder, 'records.jsonl'),
    summary: join(folder, 'summary.json'),
    page: join(folder, 'report.html'),
  };
  const conditions = Object.fromEntries(
    Object.entries(described).map(([name, value]) => [name.replaceAll('_', ' '), String(value)]),
  );
  const title = `Answers to ${basename(described.data)}`;
  await write(files.records, records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  await write(files.page, answersPage({ title, conditions, summary, answers: records }));
  // Last, so that it stands for a finished evaluation.
  await write(files.summary, `${JSON.stringify({ ...described, ...summary }, null, 2)}\n`);
  return files;
}

function write(path: string, text: string): Promise<void> {
  return writeFileAtomically(path, Buffer.from(text, 'utf8'));
}

export interface AnswerDocumentsResult {
  readonly file: string;
  readonly documents: number;
  readonly questions: number;
}

/**
 * Writes the paragraphs of a file of questions as JSONL for `ingest`, with the ids by which `evaluateAnswers` knows them.
 *
 * @throws UsageError `ANSWER_QUESTIONS_FILE`, `ANSWER_NO_DOCUMENTS` for a file that has none; CemError `ANSWER_QUESTIONS`
 */
export async function writeAnswerDocuments(questions: string, file: string): Promise<AnswerDocumentsResult> {
  const read = parseAnswerQuestions(await textOf(questions), questions);
  if (read.documents.length === 0) {
    throw new UsageError(
      'ANSWER_NO_DOCUMENTS',
      `${questions} brings no paragraphs with it: ingest the documents that it is about`,
    );
  }
  const language = languageOf(read.questions);
  const lines = read.documents.map(({ id, title, text }) =>
    JSON.stringify({ _id: id, ...(title !== undefined && { title }), text, metadata: { language } }),
  );
  await write(file, lines.map((line) => `${line}\n`).join(''));
  return { file, documents: read.documents.length, questions: read.questions.length };
}
