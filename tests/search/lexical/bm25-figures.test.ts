import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { documentText, readBeir } from '../../../data/index.ts';
import { evaluate } from '../../../eval/index.ts';
import { Bm25Retriever, wholeDocuments } from '../../../search/index.ts';
import { type AnalyzerInput, openAnalyzer } from '../../../search/lexical/index.ts';

const data = fileURLToPath(new URL('../../../../shared/data/', import.meta.url));
const test = suite('BM25 figures');

/** nDCG@10 over all documents of the corpus; the bounds are those of the published figures beside the data (design: evaluation.md). */
const FIGURES: readonly (readonly [folder: string, split: string, least: number, most: number])[] = [
  ['scifact-beir', 'test', 0.645, 0.685],
  ['cranfield-beir', 'test', 0.31, 0.37],
  ['qmsum-beir', 'test', 0.78, 0.84],
  ['law-zh-beir', 'test', 0.95, 1],
  ['law-zh-beir', 'low', 0.2, 1],
];

/** The same of analyzers, around the table of search/README.md (Cranfield 0.361, law-zh low 0.378). */
const OF_WORDS: readonly (readonly [folder: string, split: string, least: number, most: number, analyzer: AnalyzerInput])[] = [
  ['cranfield-beir', 'test', 0.35, 0.37, { kind: 'words' }],
  ['law-zh-beir', 'low', 0.36, 1, { kind: 'words' }],
];

for (const [folder, split, least, most, analyzer] of [...FIGURES.map((row) => [...row, undefined] as const), ...OF_WORDS]) {
  if (!existsSync(`${data}${folder}`)) {
    process.stdout.write(`skipped: BM25 on ${folder} (not at ${data})\n`);
    continue;
  }
  test(`${folder} ${split} by ${analyzer?.kind ?? 'the tokenizer'}`, async () => {
    const { documents, queries, qrels } = await readBeir(`${data}${folder}`, split);
    const texts = new Map<string, string>();
    for await (const document of documents()) texts.set(document.id, documentText(document));
    const retriever = await Bm25Retriever.create(
      wholeDocuments(texts),
      analyzer && { tokenize: (await openAnalyzer(analyzer)).terms },
    );
    const { rows } = await evaluate({ ids: [...texts.keys()], queries, qrels, retrievers: [retriever] });
    const score = rows[0]!.average['ndcg_at_10']!;
    process.stdout.write(`BM25 nDCG@10 on ${folder} ${split}: ${score.toFixed(4)}\n`);
    assert.ok(score >= least && score <= most, `${score} is not in ${least}..${most}`);
  });
}

test.run();
