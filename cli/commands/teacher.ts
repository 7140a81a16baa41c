import type { CommandModule } from 'yargs';
import type { GlobalOptions } from '../command.ts';
import { teacherEmbedCommand } from '../teacher/embed.ts';
import { teacherExportLabelsCommand } from '../teacher/export-labels.ts';
import { teacherImportLabelsCommand } from '../teacher/import-labels.ts';
import { teacherInfoCommand } from '../teacher/info.ts';
import { teacherVerifyCommand } from '../teacher/verify.ts';

/** What can be done with the cached vectors of teachers. */
export const teacherCommand: CommandModule<GlobalOptions, GlobalOptions> = {
  command: 'teacher',
  describe: "Embed a corpus with a teacher ahead of training, list teachers' caches, check and share them",
  builder: (parser) =>
    parser
      .command(teacherEmbedCommand)
      .command(teacherInfoCommand)
      .command(teacherVerifyCommand)
      .command(teacherExportLabelsCommand)
      .command(teacherImportLabelsCommand)
      .demandCommand(1, 'say which: embed, info, verify, export-labels or import-labels'),
  handler: () => undefined,
};
