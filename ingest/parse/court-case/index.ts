/** Cases of the people's courts: lines of a file to documents of the sections that are to be found. */
export type { CaseLine } from './case-paragraphs.ts';
export { courtCaseOf, degradedCase } from './court-case-documents.ts';
