import type { Block } from '../block.ts';
import type { ParsedDocument } from '../parser.ts';
import { type CaseLine, type CaseParagraph, caseParagraphs } from './case-paragraphs.ts';
import { type CaseSection, type CourtCase, EMBEDDED_SECTIONS, isSectionHeading, readCourtCase, sectionOf } from './court-case.ts';

interface Lines {
  /** In reading order. */
  readonly lines: readonly CaseLine[];
  readonly warnings: readonly string[];
}

/** The documents of a case; undefined where the lines do not have both of the sections that are to be found, in their order. */
export function courtCaseOf(pdf: Lines): ParsedDocument[] | undefined {
  const headings = pdf.lines.filter(({ text }) => isSectionHeading(text)).map(({ text }) => sectionOf(text));
  // Cheap, and most PDFs are no cases. A book of cases has each heading many times.
  if (!EMBEDDED_SECTIONS.every((name) => headings.filter((heading) => heading === name).length === 1)) return undefined;
  const read = readCourtCase(paragraphsOf(pdf));
  const embedded = read.sections.filter(({ name, paragraphs }) => EMBEDDED_SECTIONS.includes(name) && paragraphs.length > 0);
  if (embedded.length < EMBEDDED_SECTIONS.length) return undefined;
  return embedded.map((section, place) => documentOf(read, section, place === 0 ? pdf.warnings : []));
}

function paragraphsOf({ lines }: Lines): CaseParagraph[] {
  return caseParagraphs(lines, (text) => sectionOf(text) !== undefined, isSectionHeading);
}

function documentOf(read: CourtCase, section: CaseSection, warnings: readonly string[]): ParsedDocument {
  const { name, heading, paragraphs, firstParagraph, lastParagraph } = section;
  const { title } = read;
  return {
    ...(title !== undefined && { title }),
    blocks: [
      { ...blockOf(heading, []), kind: 'heading', text: name, level: 1 },
      ...paragraphs.map((paragraph) => blockOf(paragraph, [name])),
    ],
    indexPrefix: title === undefined ? name : `${title} ${name}`,
    fields: {
      ...fieldsOf(read, [heading, ...paragraphs]),
      case_degraded: false,
      case_section: name,
      case_para_start: firstParagraph,
      case_para_end: lastParagraph,
    },
    ...(warnings.length > 0 && { warnings }),
  };
}

/** All the text of what is no case, marked as such. */
export function degradedCase(pdf: Lines): ParsedDocument {
  const { warnings } = pdf;
  const read = readCourtCase(paragraphsOf(pdf));
  const { title, paragraphs } = read;
  const found = read.sections.map(({ name }) => name).join(', ') || 'none of its sections';
  const why = `taken as a text without sections: ${EMBEDDED_SECTIONS.join(' and ')} are wanted, and there is ${found}`;
  return {
    ...(title !== undefined && { title }),
    blocks: paragraphs.map((paragraph) => blockOf(paragraph, [])),
    ...(title !== undefined && { indexPrefix: title }),
    fields: {
      ...fieldsOf(read, paragraphs),
      case_degraded: true,
      case_para_start: Math.min(1, paragraphs.length),
      case_para_end: paragraphs.length,
    },
    warnings: [...warnings, why],
  };
}

function blockOf({ text, firstPage, lastPage }: CaseParagraph, headings: readonly string[]): Block {
  return { kind: 'paragraph', text, headings, pages: { first: firstPage, last: lastPage } };
}

function fieldsOf(read: CourtCase, paragraphs: readonly CaseParagraph[]): NonNullable<ParsedDocument['fields']> {
  const sections = read.sections.map(({ name }) => name);
  return {
    pdf_mode: 'case',
    ...(read.title !== undefined && { case_title: read.title }),
    ...(read.number !== undefined && { case_number: read.number }),
    ...(read.keywords.length > 0 && { case_keywords: [...read.keywords] }),
    case_sections: sections,
    case_embed_sections: sections.filter((name) => EMBEDDED_SECTIONS.includes(name)),
    ...(paragraphs.length > 0 && { page_start: paragraphs[0]!.firstPage, page_end: paragraphs.at(-1)!.lastPage }),
  };
}
