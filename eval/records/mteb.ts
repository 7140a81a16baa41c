import type { EncoderEvaluation } from '../encoders/encoder-evaluation.ts';

/** The mteb package whose form of results this follows; its loader refuses results that name none. Nothing is computed by it. */
const MTEB_VERSION = '1.38.0';

/** MTEB's names of BEIR's sets (mteb, `tasks/Retrieval/eng`). */
const TASK_NAMES: Readonly<Record<string, string>> = {
  arguana: 'ArguAna',
  'climate-fever': 'ClimateFEVER',
  'dbpedia-entity': 'DBPedia',
  fever: 'FEVER',
  fiqa: 'FiQA2018',
  hotpotqa: 'HotpotQA',
  msmarco: 'MSMARCO',
  nfcorpus: 'NFCorpus',
  nq: 'NQ',
  quora: 'QuoraRetrieval',
  scidocs: 'SCIDOCS',
  scifact: 'SciFact',
  'trec-covid': 'TRECCOVID',
  'webis-touche2020': 'Touche2020',
};

export interface MtebTask {
  /** Name of the data set's folder. */
  readonly dataset: string;
  readonly split: string;
  /** ISO 639-3 and script, e.g. `eng-Latn`. */
  readonly language: string;
}

/** A file in MTEB's form. */
export interface MtebFile {
  /** `<model>/<revision>/<Task>.json` */
  readonly path: string;
  readonly content: unknown;
}

/** One file a row, as MTEB's own runs write them; what the figures depend on stands beside them. */
export function mtebFiles(evaluation: EncoderEvaluation, { dataset, split, language }: MtebTask): MtebFile[] {
  const name = dataset.replace(/-beir$/, '');
  const task = TASK_NAMES[name] ?? name;
  return Object.entries(evaluation.encoders).map(([row, measures]) => {
    const conditions = evaluation.conditions[row]!;
    const { document_seconds, query_seconds } = evaluation.timings;
    return {
      path: [modelFolder(conditions.encoder), fileName(conditions.revision), `${fileName(task)}.json`].join('/'),
      content: {
        dataset_revision: evaluation.corpus_hash,
        task_name: task,
        mteb_version: MTEB_VERSION,
        scores: {
          [split]: [{ ...measures, main_score: measures['ndcg_at_10'], hf_subset: 'default', languages: [language] }],
        },
        evaluation_time: document_seconds[row]! + query_seconds[row]!,
        kg_co2_emissions: null,
        conditions,
      },
    };
  });
}

/** `transformers:org/model` is `org__model` there. */
function modelFolder(encoder: string): string {
  return fileName(encoder.replace(/^transformers:/, '').replaceAll('/', '__'));
}

function fileName(name: string): string {
  const safe = name.replaceAll(/[^A-Za-z0-9._-]/g, '_');
  return /^\.*$/.test(safe) ? `_${safe}` : safe;
}
