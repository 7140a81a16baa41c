import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Metadata } from '../../../data/index.ts';
import { Answerer, ExtractiveReader } from '../../../rag/answering/index.ts';
import { openTerms } from '../../../rag/answering/question/question-terms.ts';
import { periodFields } from '../../../recipes/ingest/unit-periods.ts';
import { Bm25Retriever, type Filter } from '../../../search/index.ts';
import { ROOT } from '../../meta/imports.ts';
import { resultOf } from './fixtures.ts';

const test = suite('questions about annual reports and guidelines');

interface Question {
  readonly question: string;
  readonly from: number;
  readonly to: number;
  readonly cells: readonly { readonly text: string; readonly row: string; readonly column: string; readonly source: string }[];
}

/** Share of the questions whose numbers are right, each with its cell. */
const RIGHT = 0.9;
const UNITS = 6;
const EVERYTHING = 1000;
/** In every chapter's title. */
const NAMES = 'Larchwood 青禾 Lumerol 络美若';

const years = (from: number, to: number): Filter => ({ field: 'fields.year', range: { gte: from, lte: to } });
const yearOf = ({ fields = {} }: Metadata): number => Number(fields['year']);

interface Chapter {
  readonly document: string;
  readonly text: string;
  readonly metadata: Metadata;
}

/** Chapters as units, with the time that they are about. */
function chaptersIn(folder: string): Chapter[] {
  return readdirSync(folder).flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8').replace(/^---[\s\S]*?---\n+/, '');
    const title = /^# (.*)$/m.exec(text)![1]!;
    return text.split(/^(?=## )/m).map((chapter, number): Chapter => {
      const headings = number === 0 ? [] : [title];
      const fields = periodFields({ text: chapter, headings }, title);
      return { document: `${file}-${number}`, text: chapter.trim(), metadata: { source: file, title, headings, fields } };
    });
  });
}

for (const [name, documents, count] of [
  ['finance', 'reports', 30],
  ['medical', 'guidelines', 10],
] as const) {
  test(`${name}: numbers from tables with their cells, dates exact`, async () => {
    const home = join(ROOT, 'examples', name);
    const chapters = chaptersIn(join(home, documents));
    const units = new Map(chapters.map((chapter) => [chapter.document, chapter]));
    const terms = await openTerms();
    const retriever = await Bm25Retriever.create(
      chapters.map(({ document, text, metadata }) => ({
        document,
        text: `${metadata.title}\n${text}`,
        metadata: { ...metadata },
      })),
      { tokenize: terms },
    );
    const search = async (query: string, options: { readonly k: number; readonly filter?: Filter | undefined }) => {
      const [hits] = await retriever.search([query], options);
      return hits!.map(({ document, score }) => {
        const { text, metadata } = units.get(document)!;
        return resultOf(document, text, { score, metadata });
      });
    };
    const answerer = new Answerer({ reader: new ExtractiveReader(), search, k: UNITS });
    const questions = readFileSync(join(home, 'questions.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Question);
    assert.is(questions.length, count);
    const wrong: string[] = [];
    for (const { question, from, to, cells } of questions) {
      const { answer, citations, sources } = await answerer.answer({ question, filter: years(from, to) });
      for (const { document } of sources) {
        const year = yearOf(units.get(document)!.metadata);
        assert.ok(year >= from && year <= to, question);
      }
      const isCited = cells.every(({ text, row, column, source }) =>
        citations.some(
          (one) => one.text === text && one.cell?.row === row && one.cell.column === column && one.source === source,
        ),
      );
      if (!isCited || citations.length !== cells.length) wrong.push(`${question} ${answer}`);
    }
    console.log(`${name}: ${questions.length - wrong.length} of ${questions.length}`);
    assert.ok(questions.length - wrong.length >= RIGHT * questions.length, wrong.join('\n'));

    for (const [from, to] of [
      [2020, 2020],
      [2021, 2022],
      [2019, 2023],
      [2024, 2030],
    ] as const) {
      const found = await search(NAMES, { k: EVERYTHING, filter: years(from, to) });
      const wanted = chapters.filter(({ metadata }) => yearOf(metadata) >= from && yearOf(metadata) <= to);
      assert.equal(found.map(({ document }) => document).sort(), wanted.map(({ document }) => document).sort());
    }
    const halfYear: Filter = {
      and: [
        { field: 'fields.period_start', range: { gte: '2021-07-01' } },
        { field: 'fields.period_end', range: { lte: '2021-12-31' } },
      ],
    };
    // The third and the fourth quarter of two companies.
    assert.is((await search(NAMES, { k: EVERYTHING, filter: halfYear })).length, name === 'finance' ? 4 : 0);
  });
}

test.run();
