import { findCheckpoint, readCheckpointState } from '../../checkpoints/index.ts';
import { type ImportedLabels, importLabels, PRECISIONS, type Precision } from '../../encoders/index.ts';
import { defineCommand } from '../command.ts';
import { cacheFolderOf, cacheFolderOption } from './cache-options.ts';

interface ImportLabelsOptions {
  readonly file: string;
  readonly teacher: string | undefined;
  readonly checkpoint: string | undefined;
  readonly precision: Precision;
  readonly folder: string | undefined;
}

export const teacherImportLabelsCommand = defineCommand<ImportLabelsOptions, ImportedLabels>({
  command: 'import-labels <file>',
  describe: "Put the vectors of `cem teacher export-labels` into the teacher's cache; those of another teacher are refused",
  examples: [
    ['teacher import-labels minilm.labels --teacher all-MiniLM-L6-v2', 'training computes none of these texts again'],
    ['teacher import-labels minilm.labels --checkpoint C', 'only where they are of the very teacher of a checkpoint'],
  ],
  options: (parser) =>
    parser
      .positional('file', { type: 'string', demandOption: true, describe: 'what export-labels wrote' })
      .option('teacher', { type: 'string', describe: 'whose vectors they must be' })
      .option('checkpoint', { type: 'string', describe: 'checkpoint whose teacher they must be of, by id and revision' })
      .option('precision', {
        choices: PRECISIONS,
        default: 'fp32' as const,
        describe: 'which cache they go into: as `teacher.cache` of the runs that will read them',
      })
      .option('folder', cacheFolderOption),
  run: async ({ file, teacher, checkpoint, precision, folder }, reporter) => {
    const recorded = checkpoint === undefined ? undefined : (await readCheckpointState(await findCheckpoint(checkpoint))).teacher;
    const stage = reporter.stage('import labels');
    try {
      const onProgress = (done: number, total: number) => stage.progress(done, total);
      const expected = { name: teacher, recorded };
      const result = await importLabels(cacheFolderOf(folder), file, { expected, precision, onProgress });
      stage.done(`${result.added} new of ${result.vectors} vectors`);
      return result;
    } catch (error) {
      stage.fail();
      throw error;
    }
  },
  dataKeys: ['teacher.settings'],
  text: ({ path, vectors, added, teacher, folder }) =>
    `${path}: ${added} of ${vectors} vectors of ${teacher.id} (revision ${teacher.revision}) are new in ${folder}`,
});
