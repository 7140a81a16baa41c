import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createTeacher, teacherConfig } from '../../../../encoders/index.ts';
import { type DescribedFigure, describeFigures } from '../../../../ingest/index.ts';
import { pdfParser } from '../../../../ingest/parse/pdf/index.ts';
import { figureDocuments } from '../../../../recipes/ingest/figure-documents.ts';
import { findChromium } from '../../../eval/chromium.ts';
import { CHARTS, hasChineseFont, writeReport } from './chinese-report.ts';
import { BY_CAPTION, BY_PARAPHRASE, BY_WORDS, type ReportQuestion } from './report-questions.ts';

const test = suite('figures of a Chinese report');

const MODELS = fileURLToPath(new URL('../../../../../shared/models/', import.meta.url));
const MODEL = 'bge-small-zh-v1.5-q';

const chromium = findChromium();
const skipped =
  chromium === undefined ? 'there is no Chromium' : hasChineseFont() ? undefined : 'there is no font with Chinese letters';

async function figuresOfReport(): Promise<{ figures: readonly DescribedFigure[]; texts: readonly string[] }> {
  const [document] = await pdfParser.parse({ path: 'report.pdf', bytes: await writeReport(chromium!) });
  const texts = document!.blocks.filter(({ kind }) => kind !== 'figure').map(({ text }) => text);
  return { figures: describeFigures(document!).figures, texts };
}

test('each chart is a figure with its caption, its page, its picture and the words in it', async () => {
  if (skipped !== undefined) return console.log(`skipped: ${skipped}`);
  const { figures, texts } = await figuresOfReport();
  assert.equal(
    figures.map(({ caption }) => caption),
    CHARTS.map(({ caption }) => caption),
  );
  for (const [index, { picture, pages, words = '', place }] of figures.entries()) {
    const chart = CHARTS[index]!;
    assert.ok(pages !== undefined && place !== undefined, chart.caption);
    assert.ok(picture !== undefined && picture.width > 300 && picture.height > 200, `${chart.caption}: ${picture?.width}`);
    for (const label of chart.raster ? [] : chart.labels) assert.match(words, label);
  }
  assert.ok(texts.some((text) => text === '表1：主要财务指标'));
  assert.ok(
    texts.some((text) => text.includes('甲公司')),
    'tables are texts',
  );
  assert.not.ok(
    texts.some((text) => text === '欧亚区 4%'),
    'words in a chart are no text of the page',
  );
});

test('31 questions find their figures by descriptions and bge-small-zh', async () => {
  if (skipped !== undefined) return console.log(`skipped: ${skipped}`);
  if (!existsSync(`${MODELS}${MODEL}`)) return console.log(`skipped: ../shared/models/${MODEL} is not there`);
  const { figures, texts } = await figuresOfReport();
  const { documents } = figureDocuments(figures, {
    id: 'report',
    first: 0,
    prefixOf: (headings) => ['中芯国际研究报告', ...headings].join(' > '),
    metadata: {},
    origin: 'report.pdf',
    store: false,
    name: 'report',
  });
  const embedder = await createTeacher(teacherConfig.parse({ kind: 'transformers', model: MODEL, dtype: 'q8' }), {
    models: MODELS,
  });
  try {
    const described = rowsOf(await embedder.embedDocuments(documents.map(({ title, text }) => `${title} ${text}`)));
    const others = rowsOf(await embedder.embedDocuments(texts));
    const rankOf = async ([question, figure]: ReportQuestion, rivals: readonly Float32Array[]): Promise<number> => {
      const [query] = rowsOf(await embedder.embedQueries([question]));
      const own = dot(query!, described[figure - 1]!);
      return 1 + [...described, ...rivals].filter((vector) => dot(query!, vector) > own).length;
    };
    for (const [name, questions] of Object.entries({ caption: BY_CAPTION, paraphrase: BY_PARAPHRASE, words: BY_WORDS })) {
      const ranks = [];
      for (const question of questions) ranks.push(await rankOf(question, []));
      console.log(`by ${name}: ranks ${ranks.join(' ')}`);
    }
    const all = [...BY_CAPTION, ...BY_PARAPHRASE, ...BY_WORDS];
    const [ranks, among] = [[] as number[], [] as number[]];
    for (const question of all) {
      ranks.push(await rankOf(question, []));
      among.push(await rankOf(question, others));
    }
    const share = (values: readonly number[], k: number): number => values.filter((rank) => rank <= k).length / values.length;
    console.log(
      `figures alone: hit@1 ${share(ranks, 1).toFixed(3)}, hit@3 ${share(ranks, 3).toFixed(3)}; among ${texts.length} blocks of text besides: hit@1 ${share(among, 1).toFixed(3)}, hit@3 ${share(among, 3).toFixed(3)}`,
    );
    assert.is(all.length, 31);
    assert.ok(share(ranks, 1) >= 0.9, `hit@1 ${share(ranks, 1)}`);
    assert.ok(share(ranks, 3) >= 0.97, `hit@3 ${share(ranks, 3)}`);
  } finally {
    await embedder.dispose();
  }
});

function rowsOf({ data, dimension }: { readonly data: Float32Array; readonly dimension: number }): Float32Array[] {
  return Array.from({ length: data.length / dimension }, (_, row) => data.subarray(row * dimension, (row + 1) * dimension));
}

function dot(left: Float32Array, right: Float32Array): number {
  return left.reduce((sum, value, index) => sum + value * right[index]!, 0);
}

test.run();
