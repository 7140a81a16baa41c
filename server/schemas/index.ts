/** What goes over the wire, and its translation: requests and answers of HTTP, which `--json` prints as well. Loads no server. */
export { answerEvents, answerRequest, answerSchema, wireAnswer, wireAnswerEvent, wireCitation } from './answers.ts';
export {
  changesAnswer,
  changesQuery,
  collectionDescription,
  collectionParams,
  collectionSchema,
  collectionsAnswer,
  createCollectionRequest,
  deletedCollection,
  settingsOf,
  wireChanges,
  wireCollection,
} from './collections.ts';
export {
  changeResultSchema,
  documentParams,
  documentsAnswer,
  documentsQuery,
  documentToPut,
  documentWithTexts,
  MOST_DOCUMENTS,
  putDocumentsRequest,
  unitSchema,
  uploadBody,
  uploadFields,
  wireChangeResult,
  wireDocument,
  wireDocumentWithTexts,
  wireUnit,
} from './documents.ts';
export { errorSchema } from './errors.ts';
export { FILTER_JSON_SCHEMAS } from './filter.ts';
export { jobParams, jobSchema, jobsAnswer, startedJob, type WireJob } from './jobs.ts';
export { rerankAnswer, rerankRequest } from './rerank.ts';
export {
  collectionResult,
  collectionSearchAnswer,
  collectionSearchRequest,
  describeIssue,
  type SearchAnswer,
  searchAnswer,
  searchRequest,
  type WireResult,
  wireResult,
} from './search.ts';
export { source as sourceSchema } from './values.ts';
