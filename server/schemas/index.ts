export { describeIssue, type SearchAnswer, searchAnswer, searchRequest, type WireResult, wireResult } from './search.ts';
