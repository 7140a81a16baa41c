/** Maps by row, and settings as encoders and configurations call them. */
export const EVALUATION_DATA: readonly string[] = [
  'encoders',
  'queries_without_results',
  'bytes.vectors',
  'speed',
  'descriptions',
  'conditions',
  'by_document_length.*.ndcg_at_10',
  'timings.document_seconds',
  'timings.query_seconds',
  'checkpoint.model',
];
