import { readFile } from 'node:fs/promises';
import { RandomNumbers, UsageError } from '../../base/index.ts';
import type { QueryHeadRunConfig } from '../../configs/index.ts';
import { documentText, readBeir, readCorpus, splitSentences } from '../../data/index.ts';
import { type CandidateChoice, candidateTexts } from '../../eval/index.ts';

/** Sentences that a document has at least, to have one taken out. */
const FEWEST_SENTENCES = 3;

/** Queries with the passages that belong to them. */
export interface TextPairs {
  readonly queries: readonly string[];
  /** Passages, those that belong to no query among them. */
  readonly keys: readonly string[];
  readonly pairs: readonly { readonly query: number; readonly positives: readonly number[] }[];
}

/**
 * Pairs as a configuration has them.
 *
 * @throws UsageError `HEAD_PAIRS` where the source has none; and as `readBeir`, `readCorpus`
 */
export async function readPairs(data: QueryHeadRunConfig['data'], seed: number): Promise<TextPairs> {
  const read = await readAll(data, seed);
  const pairs = data.limit === undefined ? read.pairs : read.pairs.slice(0, data.limit);
  const limited = pairs.length === read.pairs.length ? read : onlyTextsOf({ ...read, pairs });
  if (limited.pairs.length > 0) return limited;
  throw new UsageError(
    'HEAD_PAIRS',
    `${data.source} has no pairs of the kind ${data.pairs}; choose another kind with data.pairs (qrels, sentences, titles, neighbours, jsonl)`,
    { details: { source: data.source, pairs: data.pairs } },
  );
}

function readAll(data: QueryHeadRunConfig['data'], seed: number): Promise<TextPairs> {
  switch (data.pairs) {
    case 'qrels':
      return judgedPairs(data.source, data.split, data.candidates);
    case 'jsonl':
      return pairsOfFile(data.source);
    case 'sentences':
    case 'titles':
    case 'neighbours':
      return pairsOfCorpus(data.source, data.pairs, seed);
  }
}

async function judgedPairs(source: string, split: string, choice: CandidateChoice): Promise<TextPairs> {
  const data = await readBeir(source, split);
  const texts = await candidateTexts(data, choice);
  const places = new Map(Array.from(texts.keys(), (id, place) => [id, place]));
  const queries: string[] = [];
  const pairs: TextPairs['pairs'][number][] = [];
  for (const [id, judgments] of data.qrels) {
    const positives = [...judgments].flatMap(([document, grade]) => (grade > 0 ? (places.get(document) ?? []) : []));
    const text = data.queries.get(id)!;
    if (positives.length === 0 || text.trim() === '') continue;
    pairs.push({ query: queries.push(text) - 1, positives });
  }
  return { queries, keys: [...texts.values()], pairs };
}

async function pairsOfCorpus(source: string, kind: 'sentences' | 'titles' | 'neighbours', seed: number): Promise<TextPairs> {
  const found: { query: string; key: string }[] = [];
  let before: string | undefined;
  for await (const document of readCorpus(source)) {
    const text = documentText(document);
    if (kind === 'titles' && document.title.trim() !== '' && document.text.trim() !== '')
      found.push({ query: document.title.trim(), key: document.text.trim() });
    if (kind === 'neighbours' && before !== undefined && text !== '') found.push({ query: before, key: text });
    if (kind === 'sentences') {
      const sentences = splitSentences(text);
      const place = new RandomNumbers(seed, `sentence/${document.id}`).integer(Math.max(1, sentences.length));
      const sentence = sentences[place];
      const rest = sentence === undefined ? '' : text.replace(sentence, () => ' ').trim();
      if (sentence !== undefined && sentences.length >= FEWEST_SENTENCES && rest !== '')
        found.push({ query: sentence, key: rest });
    }
    before = text === '' ? undefined : text;
  }
  return numbered(found);
}

async function pairsOfFile(path: string): Promise<TextPairs> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new UsageError('HEAD_PAIRS', `cannot read the pairs ${path}: name a file of lines {"query": …, "text": …}`, {
      details: { path },
      cause,
    });
  }
  const lines = text.split('\n').flatMap((line, index) => (line.trim() === '' ? [] : [{ line, number: index + 1 }]));
  return numbered(lines.map(({ line, number }) => pairOfLine(line, `${path}:${number}`)));
}

function pairOfLine(line: string, where: string): { query: string; key: string } {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = undefined;
  }
  const { query, text } = (typeof value === 'object' && value !== null ? value : {}) as { query?: unknown; text?: unknown };
  if (typeof query === 'string' && typeof text === 'string' && query.trim() !== '' && text.trim() !== '')
    return { query, key: text };
  throw new UsageError(
    'HEAD_PAIRS',
    `${where}: a pair is {"query": "…", "text": "…"}, both with letters in them; got ${line.slice(0, 80)}`,
    {
      details: { where },
    },
  );
}

/** Equal texts are one text. */
function numbered(found: readonly { readonly query: string; readonly key: string }[]): TextPairs {
  const queries = new Map<string, number[]>();
  const keys = new Map<string, number>();
  for (const { query, key } of found) {
    if (!keys.has(key)) keys.set(key, keys.size);
    queries.set(query, [...(queries.get(query) ?? []), keys.get(key)!]);
  }
  const pairs = Array.from(queries.values(), (positives, query) => ({ query, positives }));
  return { queries: [...queries.keys()], keys: [...keys.keys()], pairs };
}

/** Without the texts that no pair has. */
function onlyTextsOf({ queries, keys, pairs }: TextPairs): TextPairs {
  const kept = [...new Set(pairs.flatMap(({ positives }) => positives))].sort((a, b) => a - b);
  const places = new Map(kept.map((key, place) => [key, place]));
  return {
    queries: pairs.map(({ query }) => queries[query]!),
    keys: kept.map((key) => keys[key]!),
    pairs: pairs.map(({ positives }, query) => ({ query, positives: positives.map((key) => places.get(key)!) })),
  };
}
