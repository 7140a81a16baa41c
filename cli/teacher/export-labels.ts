import { exportLabels, type SharedLabels } from '../../encoders/index.ts';
import { defineCommand } from '../command.ts';
import { cacheFolderOf, cacheFolderOption } from './cache-options.ts';

interface ExportLabelsOptions {
  readonly output: string;
  readonly teacher: string | undefined;
  readonly folder: string | undefined;
}

export const teacherExportLabelsCommand = defineCommand<ExportLabelsOptions, SharedLabels>({
  command: 'export-labels <output>',
  describe: "Write a teacher's cached vectors as one file that another machine imports; of the texts it has only hashes",
  examples: [
    ['teacher export-labels minilm.labels --teacher all-MiniLM-L6-v2', 'all that this machine has computed, in float16'],
  ],
  options: (parser) =>
    parser
      .positional('output', { type: 'string', demandOption: true, describe: 'the file to write; an earlier one is replaced' })
      .option('teacher', { type: 'string', describe: 'whose vectors, where the folder has caches of several teachers' })
      .option('folder', cacheFolderOption),
  run: async ({ output, teacher, folder }, reporter) => {
    const stage = reporter.stage('export labels');
    try {
      const result = await exportLabels(cacheFolderOf(folder), output, teacher, (done, total) => stage.progress(done, total));
      stage.done(`${result.vectors} vectors`);
      return result;
    } catch (error) {
      stage.fail();
      throw error;
    }
  },
  dataKeys: ['teacher.settings'],
  text: ({ path, vectors, teacher }) => `${path}: ${vectors} vectors of ${teacher.id} (revision ${teacher.revision})`,
});
