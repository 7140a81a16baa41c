import { z } from 'zod';
import { CemError } from '../../base/index.ts';

/** A question with the article that answers it, as `{ sample_id, db_name, tag, query, gold: { source_path, law, article }, note }` in a line of JSON. */
export interface LawQuestion {
  readonly id: string;
  readonly database: string;
  readonly tag: string;
  readonly query: string;
  readonly gold: { readonly sourcePath: string; readonly law: string; readonly article: string };
}

const rowSchema = z.object({
  sample_id: z.string().min(1),
  db_name: z.string().default(''),
  tag: z.string().min(1),
  query: z.string(),
  gold: z.object({ source_path: z.string().default(''), law: z.string(), article: z.string() }),
});

/**
 * Reads a file of questions, one in a line; empty lines are passed over.
 *
 * @param path for errors
 * @throws CemError `EVAL_QUESTIONS` naming the line
 */
export function parseQuestions(text: string, path: string): LawQuestion[] {
  const questions: LawQuestion[] = [];
  const lines = new Map<string, number>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.replace(/^\ufeff/, '').trim() === '') continue;
    const row = rowSchema.safeParse(jsonOf(line.replace(/^\ufeff/, '')));
    if (!row.success) {
      const issue = row.error.issues[0]!;
      throw wrongLine(path, index, `${issue.path.map(String).join('.') || 'it'}: ${issue.message}`);
    }
    const { sample_id: id, db_name: database, tag, query, gold } = row.data;
    if (lines.has(id)) throw wrongLine(path, index, `the sample_id ${JSON.stringify(id)} is that of line ${lines.get(id)} too`);
    lines.set(id, index + 1);
    questions.push({ id, database, tag, query, gold: { sourcePath: gold.source_path, law: gold.law, article: gold.article } });
  }
  if (questions.length === 0) throw new CemError('EVAL_QUESTIONS', `${path} has no question in it`, { details: { path } });
  return questions;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function wrongLine(path: string, index: number, what: string): CemError {
  return new CemError(
    'EVAL_QUESTIONS',
    `${path}:${index + 1} is no question ({"sample_id", "tag", "query", "gold": {"law", "article"}}): ${what}`,
    {
      details: { path, line: index + 1 },
    },
  );
}
