/** What goes over the wire, and its translation: requests and answers of HTTP, which `--json` prints as well. Loads no server. */
export { describeIssue, type SearchAnswer, searchAnswer, searchRequest, type WireResult, wireResult } from './search.ts';
