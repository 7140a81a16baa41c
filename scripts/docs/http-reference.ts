import { CODES_OF_STATUS } from '../../server/errors.ts';
import { HTTP_LIMITS } from '../../server/index.ts';
import { searchRequest } from '../../server/schemas/index.ts';
import { rowsOf, schemaOf, tableOf } from './schema-rows.ts';

const ANSWER = {
  results: [
    {
      id: 'guide/logs.md',
      score: 0.71,
      chunk: 17,
      passage: 2,
      span: { start: 2048, end: 3101 },
      text: 'To rotate a log file, …',
      metadata: { title: 'Logs', source: 'guide/logs.md', language: 'en' },
    },
  ],
  took_ms: 12.4,
};

const FILTERS: readonly (readonly [string, string])[] = [
  ['{"documents": ["a", "b"]}', 'passages of these documents'],
  ['{"field": "language", "equals": "en"}', 'whose field has this value; `null`: where it is null or not there'],
  ['{"field": "fields.year", "in": [2025, 2026]}', 'whose field has one of these values'],
  ['{"field": "fields.year", "range": {"gte": 2020, "lt": 2025}}', 'whose field lies within bounds, all numbers or all texts'],
  ['{"and": […]}, {"or": […]}, {"not": …}', 'clauses joined; they may lie in each other'],
];

const json = (value: unknown): string => `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\``;
const seconds = (milliseconds: number): string => `${milliseconds / 1000} s`;

/** docs/http.md: what the server takes and answers, from its schemas. */
export function httpReference(): string {
  const codes = Object.entries(CODES_OF_STATUS).map(([status, code]) => `| ${status} | \`${code}\` |`);
  const rows = Object.entries(schemaOf(searchRequest).properties ?? {}).flatMap(([key, node]) =>
    rowsOf(node, key, schemaOf(searchRequest).required?.includes(key) ?? false),
  );
  const parts = [
    '# HTTP',
    'Made by `npm run docs` from the schemas of `server/`; do not edit.',
    '`cem serve --index INDEX` listens on 127.0.0.1:8080; collections are served as [server.md](server.md) says. It has no access control ([SECURITY.md](../SECURITY.md)). Bodies are JSON in UTF-8; keys are in snake_case; unknown keys are refused.',
    '## POST /v1/search',
    tableOf(rows),
    `\`\`\`sh\ncurl -s localhost:8080/v1/search -H 'content-type: application/json' -d '{"query": "rotate a log file", "k": 3}'\n\`\`\``,
    'The answer, best first, a document at most once, as its best passage: `chunk` is the chunk that it lies in, `passage` its number there from 0, `text` its own text, `span` the bytes of the source that it is, where the corpus knows them. With `units`, `unit` is `{"text", "passage": {"start", "end"}}`: the whole chunk, and the bytes of it that are the passage. `metadata` is absent where the corpus says nothing of the passage, and names no labels of access. Where `results` is empty, `note` says why.',
    json(ANSWER),
    '### Filters',
    ['| clause | finds |', '|---|---|', ...FILTERS.map(([clause, meaning]) => `| \`${clause}\` | ${meaning} |`)].join('\n'),
    'A field is a path of keys joined by dots, as the metadata has them ([METADATA.md](../data/metadata/METADATA.md)): `title`, `source`, `language`, and free ones below `fields`. A list satisfies a condition when one of its elements does.',
    '## GET /health',
    '`{"status": "ok", "index": {…}, "load": {"running", "waiting", "encoded_queries", "encoder_calls"}}`: what the index holds, what a search looks through (`vectors.search`: `vectors`, all of them; `codes`; `codes in memory`; `hnsw`) and what made it, and how much is asked at the moment. Requests that arrive together are encoded together, so there are fewer calls of the encoder than queries.',
    '## What is refused',
    'Every answer that is no success is `{"error": {"code", "message"}}`; the code is stable. A body that is no search request has the code `SEARCH_REQUEST`; one that is no UTF-8 or no JSON `BODY_NOT_UTF8`, `BODY_NOT_JSON`. Our own failures say their code and no more; the log has the rest.',
    ['| status | code |', '|---|---|', ...codes, '| 500 | `INTERNAL`, or the code of the failure |'].join('\n'),
    `A 503 says in \`retry-after\` when to come again. A header must be there within ${seconds(HTTP_LIMITS.headers)}, a whole request within ${seconds(HTTP_LIMITS.request)}; a connection may be idle for ${seconds(HTTP_LIMITS.keepAlive)}; when the server closes, requests in flight have ${seconds(HTTP_LIMITS.drain)}.`,
  ];
  return `${parts.join('\n\n')}\n`;
}
