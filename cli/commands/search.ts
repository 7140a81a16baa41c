import { readFile } from 'node:fs/promises';
import { closing, type Listener, messageOf, UsageError } from '../../base/index.ts';
import { type QueryEncoderChoice, type RetrieverChoice, type Searcher, searchWithNote } from '../../rag/index.ts';
import { assertShareOfReranker } from '../../rag/rerank/index.ts';
import { openCollection, openReranker, openSearcher } from '../../recipes/index.ts';
import { openPictures } from '../../recipes/pictures/index.ts';
import { type SearchAnswer, searchAnswer } from '../../server/schemas/index.ts';
import { defineCommand, type GlobalOptions } from '../command.ts';
import { filterOption, parseFilterOption } from '../options/filter-option.ts';
import { type FieldSearchOptions, fieldOptions, parseFieldOptions } from '../options/groups-options.ts';
import {
  databaseOption,
  indexOption,
  modelsOption,
  queriesOption,
  retrieversOption,
  segmentsOption,
} from '../options/index-options.ts';
import {
  asksForPictures,
  type PictureOptions,
  parseLayers,
  parseThresholds,
  pictureOptions,
} from '../options/picture-options.ts';
import { type QueryOptions, queryOptions, querySteps, refuseSteps } from '../options/query-options.ts';
import { DEFAULT_RERANK_DEPTH, type RerankOptions, rerankOptions } from '../options/rerank-options.ts';
import { parseScoringOptions, type ScoringOptions, scoringOptions } from '../options/scoring-options.ts';
import { formatResults } from '../text/results-text.ts';

interface SearchOptions extends ScoringOptions, QueryOptions, RerankOptions, PictureOptions, FieldSearchOptions {
  readonly query: string | undefined;
  readonly index: string | undefined;
  readonly collection: string | undefined;
  readonly k: number;
  readonly filter: string | undefined;
  readonly units: boolean;
  readonly database: string | undefined;
  readonly segments?: string | undefined;
  readonly models: string | undefined;
  readonly queries: QueryEncoderChoice | undefined;
  readonly retrievers: RetrieverChoice | undefined;
}

type PlaceOptions = Omit<
  SearchOptions,
  keyof ScoringOptions | keyof RerankOptions | keyof PictureOptions | 'query' | 'k' | 'filter' | 'units'
> &
  GlobalOptions;

const DEFAULT_RESULTS = 5;

/** Answers one query from an index. */
export const searchCommand = defineCommand<SearchOptions, SearchAnswer>({
  command: 'search [query]',
  describe: 'search a collection or an index: the best documents for a query, decompressed only now',
  examples: [
    ['search --collection docs.collection "how do I rotate the log files"', 'the best units of the files that were ingested'],
    ['search --index corpus.index "how do I rotate the log files" --k 3', 'the three best documents'],
    ['search --index corpus.index -- "--force: what does it do"', 'what follows -- is no option'],
    [
      `search --index corpus.index --filter '{"field": "language", "in": ["zh", "zh-CN"]}' "合同 解除"`,
      'only where the metadata says so',
    ],
    [
      'search --index corpus.index --scoring mean --best 3 --units "rotate log files"',
      'documents by the mean of their best three passages; whole chunks are shown',
    ],
    ['search --index corpus.index --queries student "rotate log files"', 'without the teacher: by the query student'],
    ['search --collection docs.collection --field "rotate log files"', 'ranked anew by the words of query and passages'],
    ['search --collection docs.collection --image chart.png', 'figures that look like this one'],
    [
      'search --collection docs.collection --pictures "net profit by quarter"',
      'figures by words, in the layers of their pictures',
    ],
    ['search --index corpus.index --retrievers hybrid "ERR_FOO_BAR"', 'by words and vectors, of an index that keeps terms'],
  ],
  options: (parser) =>
    parser
      .positional('query', { type: 'string', describe: 'what to look for, in words; needless with --image' })
      .option('collection', { type: 'string', describe: "the collection's folder" })
      .option('index', { ...indexOption, demandOption: false, describe: 'folder of the index, in place of a collection' })
      .option('k', { type: 'number', default: DEFAULT_RESULTS, describe: 'number of results, 1 to 100' })
      .option('filter', filterOption)
      .options(scoringOptions)
      .option('units', {
        type: 'boolean',
        default: false,
        describe: 'give the whole chunk that each passage lies in: as `unit` with --json, in place of the passage otherwise',
      })
      .option('database', databaseOption)
      .option('segments', segmentsOption)
      .option('models', modelsOption)
      .option('queries', queriesOption)
      .option('retrievers', retrieversOption)
      .options(queryOptions)
      .options(fieldOptions)
      .options(rerankOptions)
      .options(pictureOptions),
  async run(given, listener) {
    assertShareOfReranker(given.reranker, given.rerankShare);
    if (asksForPictures(given)) return searchFigures(given, listener);
    const { query, k, filter: filterText, scoring: kind, best, units, reranker: choice, rerankDepth, ...options } = given;
    if (query === undefined)
      throw new UsageError('SEARCH_QUERY', 'say what to look for, in words: cem search --collection COLLECTION "QUERY"');
    const filter = parseFilterOption(filterText);
    const scoring = parseScoringOptions({ scoring: kind, best });
    const reranker = choice === undefined ? undefined : await openReranker(choice, { ...options, listener });
    await using _ = closing(() => reranker?.dispose());
    await using searcher = await openEither(options, listener);
    const start = performance.now();
    const depth = reranker === undefined ? k : Math.max(k, rerankDepth ?? DEFAULT_RERANK_DEPTH);
    const { results, note } = await searchWithNote(searcher, query, { k: depth, filter, scoring, units });
    const ordered = reranker === undefined ? results : await reranker.rerank(query, results, { topN: k });
    return searchAnswer(ordered, performance.now() - start, note);
  },
  text: ({ results, note }) => formatResults(results, note),
  texts: ['text'],
  // Whoever writes documents names its fields.
  dataKeys: ['results.*.metadata'],
});

/** Figures, by words, a picture, or both. */
async function searchFigures(
  {
    query,
    image,
    k,
    filter,
    units,
    collection,
    withTexts,
    layers,
    thresholds,
    strategy,
    reranker,
    ...options
  }: SearchOptions & GlobalOptions,
  listener: Listener,
): Promise<SearchAnswer> {
  if (collection === undefined || options.index !== undefined)
    throw new UsageError('SEARCH_PICTURES', 'figures are searched for in a collection: name it with --collection');
  if (reranker !== undefined)
    throw new UsageError(
      'SEARCH_PICTURES',
      '--reranker reads texts, and a search for figures ranks by pictures too: leave it out',
    );
  const { database, models, queries, retrievers, backend, images } = options;
  const bytes = image === undefined ? undefined : await readImage(image);
  await using pictures = await openPictures(collection, {
    database,
    models,
    queries,
    retrievers,
    backend,
    images,
    codesMemory: 0,
    listener,
  });
  const start = performance.now();
  const results = await pictures.search(
    { text: query, image: bytes },
    {
      k,
      strategy,
      layers: parseLayers(layers),
      thresholds: parseThresholds(thresholds),
      filter: parseFilterOption(filter),
      units,
      texts: withTexts,
    },
  );
  return searchAnswer(results, performance.now() - start, 'no figure was found');
}

/** @throws UsageError `SEARCH_PICTURES` */
async function readImage(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new UsageError('SEARCH_PICTURES', `cannot read the picture ${path}: ${messageOf(cause)}`, { details: { path }, cause });
  }
}

/** @throws UsageError `SEARCH_PLACE` unless one of the two is named */
function openEither({ index, collection, ...options }: PlaceOptions, listener: Listener): Promise<Searcher> {
  // Codes are read for one query as fast as they are searched in the database.
  const { database, segments, models, queries, retrievers, backend } = options;
  const common = { database, models, queries, retrievers, backend, codesMemory: 0, listener };
  if (collection !== undefined && index === undefined)
    return openCollection(collection, {
      ...common,
      segments,
      steps: querySteps(options),
      field: parseFieldOptions(options),
    });
  if (index !== undefined && collection === undefined) {
    refuseSteps(options);
    if (parseFieldOptions(options) !== undefined)
      throw new UsageError('SEARCH_PLACE', '--field is for collections: name one with --collection');
    return openSearcher(index, common);
  }
  throw new UsageError('SEARCH_PLACE', 'name what is searched: either --collection or --index');
}
