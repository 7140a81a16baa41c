import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

const squadSchema = z.object({
  data: z.array(
    z.object({
      paragraphs: z.array(z.object({ context: z.string(), qas: z.array(z.object({ id: z.string(), question: z.string() })) })),
    }),
  ),
});

/** Questions in SQuAD's form as a folder in BEIR layout: a paragraph is a document, a question's one relevant document is the paragraph that it was asked of. */
export async function squadAsBeir(path: string, folder: string): Promise<void> {
  const { data } = squadSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  const paragraphs = data.flatMap((article) => article.paragraphs);
  const lines = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  await mkdir(join(folder, 'qrels'), { recursive: true });
  await writeFile(
    join(folder, 'corpus.jsonl'),
    lines(paragraphs.map(({ context }, number) => ({ _id: `p${number}`, title: '', text: context }))),
  );
  const questions = paragraphs.flatMap(({ qas }, number) => qas.map(({ id, question }) => ({ id, question, number })));
  await writeFile(join(folder, 'queries.jsonl'), lines(questions.map(({ id, question }) => ({ _id: id, text: question }))));
  const judgements = questions.map(({ id, number }) => `${id}\tp${number}\t1\n`).join('');
  await writeFile(join(folder, 'qrels', 'test.tsv'), `query-id\tcorpus-id\tscore\n${judgements}`);
}
