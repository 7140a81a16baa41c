/** Tables and pages of evaluations. */
export { reportMarkdown } from './markdown.ts';
export { reportPage } from './page.ts';
export { type ReportData, reportData } from './report-data.ts';
export { savingPicture } from './saving-chart.ts';
export { formatEvaluation } from './table.ts';
