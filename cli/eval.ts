import { readFile, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { type LoadedStudent, loadStudent } from '../checkpoints/index.ts';
import { type BeirData, mappingPathOf, readBeir } from '../data/index.ts';
import { evaluateStudent, formatEvaluation, type StudentEvaluation } from '../eval/index.ts';
import { describeBackend, parseBackendRequest, selectBackend } from '../model/backend/index.ts';
import { createTeacher, StudentEncoder } from '../model/encoders/index.ts';
import { tensorInnerProducts } from '../search/index.ts';
import { UsageError, ZpkgReader } from '../zpkg/index.ts';
import { defineCommand, type GlobalOptions } from './command.ts';
import { modelsOption } from './index-options.ts';
import type { Reporter } from './reporter.ts';
import { followStages } from './stages.ts';

interface EvalOptions {
  readonly checkpoint: string;
  readonly data: string;
  readonly split: string;
  readonly candidates: 'corpus' | 'judged';
  readonly dictionary: string;
  readonly models: string | undefined;
}

export interface EvalResult extends StudentEvaluation {
  readonly dataset: string;
  readonly split: string;
  readonly dictionary: string;
  readonly checkpoint: { readonly path: string; readonly hash: string; readonly step: number; readonly model: unknown };
  readonly backend: string;
  /** Saving of the corpus that the run was trained on; null when it no longer lies in the run folder. */
  readonly saving_training: number | null;
}

export const evalCommand = defineCommand<EvalOptions, EvalResult>({
  command: 'eval',
  describe: 'Rank a benchmark with teacher, student, BM25 and chance, and compare them',
  examples: [
    [
      'eval --checkpoint runs/techdocs --data techdocs-beir --split dev --candidates judged',
      "the run's newest checkpoint, over the documents that dev judges",
    ],
    [
      'eval --checkpoint runs/techdocs/checkpoints/4000 --data scifact-beir --dictionary corpus --json',
      'one checkpoint, with a dictionary of the corpus itself',
    ],
  ],
  options: (parser) =>
    parser
      .option('checkpoint', {
        type: 'string',
        demandOption: true,
        describe: 'a checkpoint, or a run folder (its newest checkpoint)',
      })
      .option('data', { type: 'string', demandOption: true, describe: 'a folder in BEIR layout' })
      .option('split', { type: 'string', default: 'test', describe: 'whose queries: qrels/<split>.tsv' })
      .option('candidates', {
        choices: ['corpus', 'judged'] as const,
        default: 'corpus' as const,
        describe: 'rank the whole corpus, or only the documents that the split judges',
      })
      .option('dictionary', {
        type: 'string',
        default: 'run',
        describe: "what the documents are packed with: the training corpus' (run), one of their own (corpus), none, or a file",
      })
      .option('models', modelsOption),
  run: runEval,
  text: formatEvaluation,
});

/** What `cem eval` does, for the demo too. */
export async function runEval(options: EvalOptions & GlobalOptions, reporter: Reporter): Promise<EvalResult> {
  const data = await readBeir(options.data, options.split);
  const backend = await selectBackend(parseBackendRequest(options.backend));
  reporter.note(describeBackend(backend));
  const loaded = await loadStudent(options.checkpoint);
  try {
    const dictionary = await readDictionaryOption(options.dictionary, loaded.trainingZpkg);
    const evaluation = await evaluateLoaded(loaded, data, dictionary, options, reporter);
    return {
      ...evaluation,
      dataset: basename(resolve(options.data)),
      split: options.split,
      dictionary: options.dictionary,
      checkpoint: { path: loaded.folder, hash: loaded.hash, step: loaded.state.step, model: loaded.state.model },
      backend: backend.name,
      saving_training: loaded.trainingZpkg === undefined ? null : await savingOf(loaded.trainingZpkg),
    };
  } finally {
    loaded.dispose();
  }
}

async function evaluateLoaded(
  loaded: LoadedStudent,
  data: BeirData,
  dictionary: Uint8Array | 'none' | undefined,
  options: EvalOptions,
  reporter: Reporter,
): Promise<StudentEvaluation> {
  const teacher = await createTeacher(loaded.teacher, {
    ...(options.models !== undefined && { models: options.models }),
    ...(loaded.teacherFolder !== undefined && { folder: loaded.teacherFolder }),
  });
  const stages = followStages(reporter);
  try {
    const evaluation = await evaluateStudent({
      data,
      candidates: options.candidates,
      student: (source) => new StudentEncoder(loaded.student, source, teacher, loaded.hash),
      teacher,
      pack: { ...loaded.state.pack, ...(dictionary !== undefined && { dictionary }) },
      innerProducts: tensorInnerProducts,
      onProgress: stages.progress,
    });
    stages.done();
    return evaluation;
  } finally {
    stages.fail();
    await teacher.dispose();
  }
}

/** The dictionary that `--dictionary` names; undefined when one is to be trained on the documents. */
async function readDictionaryOption(choice: string, trainingZpkg: string | undefined): Promise<Uint8Array | 'none' | undefined> {
  if (choice === 'corpus') return undefined;
  if (choice === 'none') return 'none';
  if (choice === 'run') {
    if (trainingZpkg === undefined) {
      throw new UsageError(
        'EVAL_NO_TRAINING_CORPUS',
        'the training corpus (corpus.zpkg in the run folder) is not there, so its dictionary cannot be used; say --dictionary corpus, none or a file',
      );
    }
    const reader = await ZpkgReader.open(trainingZpkg);
    try {
      return reader.dictionary.length > 0 ? reader.dictionary : 'none';
    } finally {
      await reader.close();
    }
  }
  try {
    return await readFile(choice);
  } catch (cause) {
    throw new UsageError(
      'EVAL_DICTIONARY_UNREADABLE',
      `--dictionary ${choice} is neither run, corpus or none nor a file that can be read`,
      {
        details: { path: choice },
        cause,
      },
    );
  }
}

/** Saving of a packed corpus, its mapping counted. */
async function savingOf(zpkg: string): Promise<number> {
  const reader = await ZpkgReader.open(zpkg);
  try {
    const { fileBytes, contentBytes } = await reader.statistics();
    const mapping = await stat(mappingPathOf(zpkg));
    return 1 - (fileBytes + mapping.size) / contentBytes;
  } finally {
    await reader.close();
  }
}
