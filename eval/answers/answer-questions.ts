import { z } from 'zod';
import { CemError } from '../../base/index.ts';

/** A question, what answers it, and where that stands. */
export interface AnswerQuestion {
  readonly id: string;
  readonly question: string;
  /** Right answers, any of which is enough; none where the documents do not say. */
  readonly answers: readonly string[];
  /** Names of the documents that hold the answer: what a line of JSONL has as `_id`, the path of a file, or the id of a unit. */
  readonly gold: readonly string[];
  readonly answerable: boolean;
}

/** A paragraph that a file of questions brings with it. */
export interface AnswerDocument {
  readonly id: string;
  readonly title?: string;
  readonly text: string;
}

export interface AnswerQuestions {
  readonly questions: readonly AnswerQuestion[];
  /** Paragraphs of the file, whose ids are the questions' gold; none in JSONL. */
  readonly documents: readonly AnswerDocument[];
}

const squadQuestion = z.object({
  id: z.string().min(1),
  question: z.string(),
  answers: z.array(z.object({ text: z.string() })).default([]),
  is_impossible: z.boolean().default(false),
});
const squadSchema = z.object({
  data: z.array(
    z.object({
      title: z.string().optional(),
      paragraphs: z.array(z.object({ id: z.string().optional(), context: z.string(), qas: z.array(squadQuestion) })),
    }),
  ),
});
const cmrcSchema = z.array(
  z.object({
    context_id: z.string(),
    context_text: z.string(),
    title: z.string().optional(),
    qas: z.array(z.object({ query_id: z.string(), query_text: z.string(), answers: z.array(z.string()) })),
  }),
);
const rowSchema = z.object({
  id: z.string().min(1),
  question: z.string(),
  answers: z.array(z.string()).default([]),
  gold: z.union([z.string(), z.array(z.string())]).default([]),
  answerable: z.boolean().optional(),
});

/**
 * Reads questions with their answers: SQuAD's JSON (1.1 and 2.0, so XQuAD, MLQA and CMRC 2018's version of it), CMRC 2018's own JSON, or JSONL of ours, a line
 * `{"id", "question", "answers": ["…"], "gold": ["document"], "answerable"}`.
 *
 * @param path for errors
 * @throws CemError `ANSWER_QUESTIONS` naming what is wrong, and in JSONL the line
 */
export function parseAnswerQuestions(text: string, path: string): AnswerQuestions {
  const content = text.replace(/^\ufeff/, '');
  const whole = jsonOf(content);
  const read = Array.isArray(whole) ? ofCmrc(whole, path) : isSquad(whole) ? ofSquad(whole, path) : ofLines(content, path);
  if (read.questions.length === 0) throw wrong(path, 'there is no question in it');
  assertDistinct(read, path);
  return read;
}

function ofSquad(value: unknown, path: string): AnswerQuestions {
  const { data } = checked(squadSchema, value, path);
  const documents: AnswerDocument[] = [];
  const questions: AnswerQuestion[] = [];
  for (const [article, { title, paragraphs }] of data.entries()) {
    for (const [place, { id: own, context, qas }] of paragraphs.entries()) {
      const id = own ?? `${article + 1}-${place + 1}`;
      documents.push({ id, ...(title && { title: title.replaceAll('_', ' ') }), text: context });
      for (const { id: question, question: asked, answers, is_impossible: impossible } of qas) {
        const texts = impossible ? [] : distinct(answers.map((answer) => answer.text));
        const answerable = texts.length > 0;
        questions.push({ id: question, question: asked, answers: texts, gold: answerable ? [id] : [], answerable });
      }
    }
  }
  return { questions, documents };
}

function ofCmrc(value: unknown, path: string): AnswerQuestions {
  const contexts = checked(cmrcSchema, value, path);
  return {
    documents: contexts.map(({ context_id: id, context_text: text, title }) => ({ id, ...(title && { title }), text })),
    questions: contexts.flatMap(({ context_id: context, qas }) =>
      qas.map(({ query_id: id, query_text: question, answers }) => ({
        id,
        question,
        answers: distinct(answers),
        gold: answers.length > 0 ? [context] : [],
        answerable: answers.length > 0,
      })),
    ),
  };
}

function ofLines(text: string, path: string): AnswerQuestions {
  const questions: AnswerQuestion[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const row = checked(rowSchema, jsonOf(line), `${path}:${index + 1}`);
    const answers = distinct(row.answers);
    const answerable = row.answerable ?? answers.length > 0;
    const gold = typeof row.gold === 'string' ? [row.gold] : row.gold;
    questions.push({ id: row.id, question: row.question, answers: answerable ? answers : [], gold, answerable });
  }
  return { questions, documents: [] };
}

function isSquad(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'data' in value;
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, place: string): z.output<Schema> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const issue = read.error.issues[0]!;
  throw wrong(place, `${issue.path.map(String).join('.') || 'it'}: ${issue.message}`);
}

function wrong(place: string, what: string): CemError {
  return new CemError(
    'ANSWER_QUESTIONS',
    `${place} has no questions with answers as SQuAD's JSON, CMRC 2018's JSON or a line {"id", "question", "answers", "gold"} has them: ${what}`,
    { details: { place } },
  );
}

function assertDistinct({ questions, documents }: AnswerQuestions, path: string): void {
  for (const list of [questions, documents]) {
    const ids = new Set<string>();
    for (const { id } of list) {
      if (ids.has(id)) throw wrong(path, `the id ${JSON.stringify(id)} is there twice`);
      ids.add(id);
    }
  }
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/** Undefined for what is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
