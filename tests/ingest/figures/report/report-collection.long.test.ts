import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { figureOfMetadata, type Metadata } from '../../../../data/index.ts';
import { createTeacher, teacherConfig } from '../../../../encoders/index.ts';
import { Answerer, ChatReader, type SearchResult } from '../../../../rag/index.ts';
import { searchUnits } from '../../../../recipes/answering/index.ts';
import { ingest } from '../../../../recipes/ingest/index.ts';
import { openCollection } from '../../../../recipes/search/index.ts';
import { findChromium } from '../../../eval/chromium.ts';
import { withTemporaryFolder } from '../../../fixtures/temporary-folder.ts';
import { Saying } from '../../../rag/answering/fixtures.ts';
import { ocrModels } from '../../recognition/scanned-pages.ts';
import { hasChineseFont, writeReport } from './chinese-report.ts';
import { BY_CAPTION, BY_PARAPHRASE, BY_PIXELS, BY_WORDS, FOR_A_FIGURE, type ReportQuestion } from './report-questions.ts';

const test = suite('a Chinese report in a collection');

const MODELS = fileURLToPath(new URL('../../../../../shared/models/', import.meta.url));
const MODEL = 'bge-small-zh-v1.5-q';
const CHECKPOINT = fileURLToPath(new URL('../../../../checkpoints/cem-small-zh', import.meta.url));

const chromium = findChromium();
const recognition = ocrModels();
const skipped =
  chromium === undefined
    ? 'there is no Chromium'
    : !hasChineseFont()
      ? 'there is no font with Chinese letters'
      : existsSync(join(MODELS, MODEL))
        ? undefined
        : `../shared/models/${MODEL} is not there`;

const FIGURES = { field: 'fields.chunk_type', equals: 'figure' } as const;
/** More than the collection has. */
const ALL = 100;

const figureOf = ({ metadata }: SearchResult): string | undefined => figureOfMetadata(metadata as Metadata)?.number;

/** Shares of questions whose figure is first, and among the first three. */
function hits(ranks: readonly number[]): readonly [first: number, three: number] {
  const share = (k: number): number => ranks.filter((rank) => rank <= k).length / ranks.length;
  return [share(1), share(3)];
}

test('questions find their figures by descriptions and by the default search; an answer cites figure and page', async () => {
  if (skipped !== undefined) return console.log(`skipped: ${skipped}`);
  const sets = {
    caption: BY_CAPTION,
    paraphrase: BY_PARAPHRASE,
    words: BY_WORDS,
    ...(recognition === undefined ? {} : { pixels: BY_PIXELS }),
  };
  await withTemporaryFolder(async (folder) => {
    const [files, into] = [join(folder, 'files'), join(folder, 'collection')];
    await mkdir(files);
    await writeFile(join(files, 'report.pdf'), await writeReport(chromium!));
    const made = await ingest({
      paths: [files],
      into,
      checkpoint: CHECKPOINT,
      models: MODELS,
      ocrModels: recognition ?? 'none',
      // So small that each section is a text of its own beside its figure.
      units: { minimumTokens: 40, maximumTokens: 200 },
    });
    assert.is(made.figures.stored, 8);
    await using searcher = await openCollection(into, { models: MODELS, queries: 'teacher' });
    const figures = await searcher.search('图', { k: ALL, filter: FIGURES });
    assert.is(figures.length, 8);
    console.log(`${made.documents} units, ${figures.length} of them figures`);

    // Descriptions by bge-small-zh, among all figures.
    const embedder = await createTeacher(teacherConfig.parse({ kind: 'transformers', model: MODEL, dtype: 'q8' }), {
      models: MODELS,
    });
    const byDescription = new Map<string, number[]>();
    try {
      const descriptions = await embedder.embedDocuments(
        figures.map(
          ({ text, metadata }) =>
            `${[(metadata as Metadata).title, ...((metadata as Metadata).headings ?? [])].join(' > ')} ${text}`,
        ),
      );
      for (const [name, questions] of Object.entries(sets)) {
        const ranks: number[] = [];
        for (const [question, figure] of questions) {
          const query = await embedder.embedQueries([question]);
          const scores = figures.map((_, row) => dot(query.data, descriptions.data, row * descriptions.dimension));
          const own = scores[figures.findIndex((hit) => figureOf(hit) === String(figure))]!;
          ranks.push(1 + scores.filter((score) => score > own).length);
        }
        byDescription.set(name, ranks);
      }
    } finally {
      await embedder.dispose();
    }
    const all = [...byDescription.values()].flat();
    console.log(
      `descriptions by ${MODEL}, among 8 figures: ${[...byDescription].map(([name, ranks]) => `${name} ${ranks.join(' ')}`).join('; ')}`,
    );

    /** Rank of each question's figure in the collection's default search: vectors of the student and words, fused. */
    const ranksOf = async (questions: readonly ReportQuestion[], filter?: typeof FIGURES): Promise<number[]> => {
      const results = await searcher.searchAll(
        questions.map(([question]) => question),
        { k: ALL, filter },
      );
      return results.map((found, place) => {
        const rank = found.findIndex((hit) => figureOf(hit) === String(questions[place]![1]));
        return rank < 0 ? ALL : rank + 1;
      });
    };
    const every = Object.values(sets).flat();
    const named = [...BY_CAPTION.filter(([question]) => question.startsWith('图')), ...FOR_A_FIGURE];
    const [ranksNamed, ranksFiltered, ranksPlain] = [await ranksOf(named), await ranksOf(every, FIGURES), await ranksOf(every)];
    for (const [what, ranks] of [
      [`descriptions, ${all.length} questions`, all],
      [`default search, figures alone, ${every.length} questions`, ranksFiltered],
      [`default search among all, ${named.length} questions that ask for a figure`, ranksNamed],
      [`default search among all, ${every.length} questions, most of which ask for none`, ranksPlain],
    ] as const) {
      const [first, three] = hits(ranks);
      console.log(`${what}: hit@1 ${first.toFixed(3)}, hit@3 ${three.toFixed(3)}: ${ranks.join(' ')}`);
    }
    for (const ranks of [all, ranksNamed]) {
      const [first, three] = hits(ranks);
      assert.ok(first >= 0.9, `hit@1 ${first}`);
      assert.ok(three >= 0.97, `hit@3 ${three}`);
    }
    // The question for which all of this was made.
    const [source] = BY_CAPTION;
    const [best] = await searcher.search(source![0], { k: 8 });
    assert.is(figureOf(best!), '4');

    // A chat model that cites the caption it was shown, and whose citation is held against the unit.
    const model = new Saying(
      JSON.stringify({
        reasoning: '文档1是图4',
        citations: [{ doc_id: '1', text: '图4：中芯国际归母净利润情况概览', relevance: 0.9 }],
        answer: '见图4 [1]。',
        confidence: 0.9,
      }),
    );
    const answer = await new Answerer({ search: searchUnits(searcher), reader: new ChatReader(model) }).answer({
      question: source![0],
    });
    const [citation] = answer.citations;
    assert.is(answer.answered, true);
    assert.is(citation!.text, '图4：中芯国际归母净利润情况概览');
    assert.is(citation!.source, 'files/report.pdf');
    const cited = figureOfMetadata({ pages: citation!.pages, fields: citation!.fields } as Metadata)!;
    const page = figures.find((hit) => figureOf(hit) === '4')!.metadata as Metadata;
    assert.equal([cited.number, cited.caption, cited.stored], ['4', '图4：中芯国际归母净利润情况概览', true]);
    assert.equal(citation!.pages, page.pages);
    console.log(`cited: ${cited.caption}, page ${cited.page}, picture ${cited.mediaType} ${cited.width}x${cited.height}`);

    if (recognition === undefined) return;
    const [scanned] = await searcher.search('硅片与光刻胶涨价', { k: 1 });
    assert.match(scanned!.text, '光刻胶');
    assert.ok((scanned!.metadata as Metadata).pages!.first > 1, 'a scanned page has its number');
  });
});

function dot(query: Float32Array, data: Float32Array, from: number): number {
  return query.reduce((sum, value, index) => sum + value * data[from + index]!, 0);
}

test.run();
