import { UsageError } from '../../base/index.ts';

/** A retrieval set of BEIR. */
export interface BeirDataset {
  /** BEIR's name: of its archive and of the folder in it. */
  readonly name: string;
  readonly title: string;
  /** The split that published figures are of. */
  readonly testSplit: 'test' | 'dev';
  /** Queries of the test split. */
  readonly queries: number;
  readonly documents: number;
  /** Checksum and size of the archive; absent where BEIR may not hand the texts on. */
  readonly archive?: { readonly md5: string; readonly bytes: number };
  /** Where the texts come from when BEIR has no archive. */
  readonly homepage?: string;
  /** What a model that takes instructions is told before a query; absent where none was published. */
  readonly queryInstruction?: string;
  /** BEIR folders inside of the set's folder, each with its own corpus; a figure of the set is their plain mean. */
  readonly parts?: readonly string[];
  /** Every query is a document of the corpus too, under the same id: its own document is no answer, and published figures leave it out of the ranking (beir-cellar/beir issue 72). */
  readonly queriesAreDocuments?: true;
}

const CQADUPSTACK_FORUMS = [
  'android',
  'english',
  'gaming',
  'gis',
  'mathematica',
  'physics',
  'programmers',
  'stats',
  'tex',
  'unix',
  'webmasters',
  'wordpress',
] as const;

/**
 * The 18 sets of BEIR and MS MARCO, which is in-domain for most models. Documents and queries: Thakur et al. 2021 (arXiv 2104.08663, table 1); MD5: the table in BEIR's
 * README; bytes: what its server says; instructions: Wang et al. 2024 (arXiv 2401.00368, table 14), whom Qwen3-Embedding follows.
 */
export const BEIR_DATASETS: readonly BeirDataset[] = [
  {
    name: 'msmarco',
    title: 'MS MARCO',
    testSplit: 'dev',
    queries: 6980,
    documents: 8_841_823,
    archive: { md5: '444067daf65d982533ea17ebd59501e4', bytes: 1_082_258_632 },
    queryInstruction: 'Given a web search query, retrieve relevant passages that answer the query',
  },
  {
    name: 'trec-covid',
    title: 'TREC-COVID',
    testSplit: 'test',
    queries: 50,
    documents: 171_332,
    archive: { md5: 'ce62140cb23feb9becf6270d0d1fe6d1', bytes: 73_876_720 },
    queryInstruction: 'Given a query on COVID-19, retrieve documents that answer the query',
  },
  {
    name: 'nfcorpus',
    title: 'NFCorpus',
    testSplit: 'test',
    queries: 323,
    documents: 3633,
    archive: { md5: 'a89dba18a62ef92f7d323ec890a0d38d', bytes: 2_448_432 },
    queryInstruction: 'Given a question, retrieve relevant documents that best answer the question',
  },
  {
    name: 'bioasq',
    title: 'BioASQ',
    testSplit: 'test',
    queries: 500,
    documents: 14_914_602,
    homepage: 'http://bioasq.org',
  },
  {
    name: 'nq',
    title: 'Natural Questions',
    testSplit: 'test',
    queries: 3452,
    documents: 2_681_468,
    archive: { md5: 'd4d3d2e48787a744b6f6e691ff534307', bytes: 498_307_926 },
    queryInstruction: 'Given a question, retrieve Wikipedia passages that answer the question',
  },
  {
    name: 'hotpotqa',
    title: 'HotpotQA',
    testSplit: 'test',
    queries: 7405,
    documents: 5_233_329,
    archive: { md5: 'f412724f78b0d91183a0e86805e16114', bytes: 654_025_350 },
    queryInstruction: 'Given a multi-hop question, retrieve documents that can help answer the question',
  },
  {
    name: 'fiqa',
    title: 'FiQA-2018',
    testSplit: 'test',
    queries: 648,
    documents: 57_638,
    archive: { md5: '17918ed23cd04fb15047f73e6c3bd9d9', bytes: 17_948_027 },
    queryInstruction: 'Given a financial question, retrieve user replies that best answer the question',
  },
  {
    name: 'signal1m',
    title: 'Signal-1M (RT)',
    testSplit: 'test',
    queries: 97,
    documents: 2_866_316,
    homepage: 'https://research.signal-ai.com/datasets/signal1m-tweetir.html',
  },
  {
    name: 'trec-news',
    title: 'TREC-NEWS',
    testSplit: 'test',
    queries: 57,
    documents: 594_977,
    homepage: 'https://trec.nist.gov/data/news2019.html',
  },
  {
    name: 'robust04',
    title: 'Robust04',
    testSplit: 'test',
    queries: 249,
    documents: 528_155,
    homepage: 'https://trec.nist.gov/data/robust/04.guidelines.html',
  },
  {
    name: 'arguana',
    title: 'ArguAna',
    testSplit: 'test',
    queries: 1406,
    documents: 8674,
    archive: { md5: '8ad3e3c2a5867cdced806d6503f29b99', bytes: 3_773_617 },
    queryInstruction: 'Given a claim, find documents that refute the claim',
    queriesAreDocuments: true,
  },
  {
    name: 'webis-touche2020',
    title: 'Touché-2020',
    testSplit: 'test',
    queries: 49,
    documents: 382_545,
    archive: { md5: '46f650ba5a527fc69e0a6521c5a23563', bytes: 227_132_363 },
    queryInstruction: 'Given a question, retrieve detailed and persuasive arguments that answer the question',
  },
  {
    name: 'cqadupstack',
    title: 'CQADupStack',
    testSplit: 'test',
    queries: 13_145,
    documents: 457_199,
    archive: { md5: '4e41456d7df8ee7760a7f866133bda78', bytes: 5_343_728_040 },
    queryInstruction:
      'Given a question, retrieve detailed question descriptions from Stackexchange that are duplicates to the given question',
    parts: CQADUPSTACK_FORUMS,
  },
  {
    name: 'quora',
    title: 'Quora',
    testSplit: 'test',
    queries: 10_000,
    documents: 522_931,
    archive: { md5: '18fb154900ba42a600f84b839c173167', bytes: 15_853_968 },
    queryInstruction: 'Given a question, retrieve questions that are semantically equivalent to the given question',
    queriesAreDocuments: true,
  },
  {
    name: 'dbpedia-entity',
    title: 'DBPedia',
    testSplit: 'test',
    queries: 400,
    documents: 4_635_922,
    archive: { md5: 'c2a39eb420a3164af735795df012ac2c', bytes: 639_285_131 },
    queryInstruction: 'Given a query, retrieve relevant entity descriptions from DBPedia',
  },
  {
    name: 'scidocs',
    title: 'SCIDOCS',
    testSplit: 'test',
    queries: 1000,
    documents: 25_657,
    archive: { md5: '38121350fc3a4d2f48850f6aff52e4a9', bytes: 142_471_588 },
    queryInstruction: 'Given a scientific paper title, retrieve paper abstracts that are cited by the given paper',
  },
  {
    name: 'fever',
    title: 'FEVER',
    testSplit: 'test',
    queries: 6666,
    documents: 5_416_568,
    archive: { md5: '5a818580227bfb4b35bb6fa46d9b6c03', bytes: 1_236_988_269 },
    queryInstruction: 'Given a claim, retrieve documents that support or refute the claim',
  },
  {
    name: 'climate-fever',
    title: 'Climate-FEVER',
    testSplit: 'test',
    queries: 1535,
    documents: 5_416_593,
    archive: { md5: '8b66f0a9126c521bae2bde127b4dc99d', bytes: 1_228_666_652 },
    queryInstruction: 'Given a claim about climate change, retrieve documents that support or refute the claim',
  },
  {
    name: 'scifact',
    title: 'SciFact',
    testSplit: 'test',
    queries: 300,
    documents: 5183,
    archive: { md5: '5f7d1de60b170fc8027bb7898e2efca1', bytes: 2_816_079 },
    queryInstruction: 'Given a scientific claim, retrieve documents that support or refute the claim',
  },
];

/** @throws UsageError `DATASET_UNKNOWN` naming those that are known */
export function findBeirDataset(name: string): BeirDataset {
  const dataset = BEIR_DATASETS.find((candidate) => candidate.name === name);
  if (dataset !== undefined) return dataset;
  throw new UsageError(
    'DATASET_UNKNOWN',
    `no set of BEIR is called ${JSON.stringify(name)}; there are ${BEIR_DATASETS.map((known) => known.name).join(', ')}`,
    { details: { name } },
  );
}

/** What stands before a query for models that were trained with instructions in the form of E5-Mistral and Qwen3-Embedding. */
export function instructedQueryPrompt(instruction: string): string {
  return `Instruct: ${instruction}\nQuery:`;
}
