import type { CaseParagraph } from './case-paragraphs.ts';

/** Sections of a case in the people's courts' case library, in their order. */
const CASE_SECTIONS = ['关键词', '基本案情', '裁判理由', '裁判要旨', '关联索引'] as const;
export type CaseSectionName = (typeof CASE_SECTIONS)[number];

/** Those that say what happened and why the court decided so: the others repeat them or refer elsewhere. */
export const EMBEDDED_SECTIONS: readonly CaseSectionName[] = ['基本案情', '裁判理由'];

export interface CaseSection {
  readonly name: CaseSectionName;
  /** The line that names it. */
  readonly heading: CaseParagraph;
  /** Without its heading. */
  readonly paragraphs: readonly CaseParagraph[];
  /** Place of its first and last paragraph among the case's, from 1, headings not counted. */
  readonly firstParagraph: number;
  readonly lastParagraph: number;
}

export interface CourtCase {
  /** 杨某海交通肇事案; undefined where nothing looks like it. */
  readonly title: string | undefined;
  /** 2026-06-1-054-001 */
  readonly number: string | undefined;
  readonly keywords: readonly string[];
  /** In the order in which they stand. */
  readonly sections: readonly CaseSection[];
  /** All paragraphs behind the title, headings of sections aside. */
  readonly paragraphs: readonly CaseParagraph[];
}

const CASE_NUMBER = /^\d{4}-\d{2}-\d-\d{3}-\d{3}$/;
const TITLE = /.{2,60}案$/;
const FIRST_SECTION = /^关键词\s*/;

/** The section that a line is the heading of: it stands alone, or before the keywords themselves. */
export function sectionOf(text: string): CaseSectionName | undefined {
  const bare = text.replace(/[\s：:【】[\]]/g, '');
  const whole = CASE_SECTIONS.find((name) => bare === name);
  return whole ?? (FIRST_SECTION.test(text) ? '关键词' : undefined);
}

export function isSectionHeading(text: string): boolean {
  const section = sectionOf(text);
  return section !== undefined && !(section === '关键词' && text.replace(FIRST_SECTION, '') !== '');
}

/** Reads a case from its paragraphs. A section that comes a second time is text of the one that it stands in. */
export function readCourtCase(all: readonly CaseParagraph[]): CourtCase {
  const number = all.slice(0, 3).find(({ text }) => CASE_NUMBER.test(text))?.text;
  const titleAt = all.slice(0, 6).findIndex(({ text }) => TITLE.test(text) && sectionOf(text) === undefined);
  const title = titleAt < 0 ? undefined : all[titleAt]!.text;
  const paragraphs: CaseParagraph[] = [];
  const sections: { name: CaseSectionName; heading: CaseParagraph; first: number; paragraphs: CaseParagraph[] }[] = [];
  for (const paragraph of all.slice(titleAt + 1)) {
    const name = sectionOf(paragraph.text);
    const begins = name !== undefined && !sections.some((section) => section.name === name);
    if (begins) sections.push({ name, heading: paragraph, first: paragraphs.length + 1, paragraphs: [] });
    const text = begins ? (name === '关键词' ? paragraph.text.replace(FIRST_SECTION, '') : '') : paragraph.text;
    if (text === '' || text === number) continue;
    paragraphs.push({ ...paragraph, text });
    sections.at(-1)?.paragraphs.push(paragraphs.at(-1)!);
  }
  const keywords = sections.find(({ name }) => name === '关键词')?.paragraphs.flatMap(({ text }) => text.split(/\s+/)) ?? [];
  return {
    title,
    number,
    keywords,
    paragraphs,
    sections: sections.map(({ name, heading, first, paragraphs: own }) => ({
      name,
      heading,
      paragraphs: own,
      firstParagraph: first,
      lastParagraph: first + own.length - 1,
    })),
  };
}
