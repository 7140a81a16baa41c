import { DocumentReader } from '../data/index.ts';
import { CemError } from '../zpkg/index.ts';
import { defineCommand } from './command.ts';
import { formatBytes } from './format.ts';

interface VerifyResult {
  readonly path: string;
  readonly documents: number;
  readonly chunks: number;
  /** Bytes of text. */
  readonly contentBytes: number;
}

export const verifyCommand = defineCommand<{ readonly zpkg: string }, VerifyResult>({
  command: 'verify <zpkg>',
  describe: 'check a container and its mapping: every checksum, every chunk decompressed, every id',
  examples: [['verify corpus.zpkg', 'exit code 0 when everything is whole, 1 with the damaged chunks otherwise']],
  options: (parser) =>
    parser.positional('zpkg', { type: 'string', demandOption: true, describe: 'the container; its mapping stands beside it' }),
  run: async ({ zpkg }, reporter) => {
    const reader = await DocumentReader.open(zpkg);
    const stage = reporter.stage(`verifying ${zpkg}`);
    try {
      const { chunks, contentBytes, failed, failures } = await reader.container.verify((done, total) =>
        stage.progress(done, total),
      );
      if (failed > 0) {
        throw new CemError(
          'VERIFY_FAILED',
          `${zpkg}: ${failed} of ${chunks} chunks are damaged; the first: ${failures[0]?.message ?? ''}`,
          {
            details: { path: zpkg, failed, failures },
          },
        );
      }
      stage.done();
      return { path: zpkg, documents: reader.documentCount, chunks, contentBytes };
    } catch (error) {
      stage.fail();
      throw error;
    } finally {
      await reader.close();
    }
  },
  text: (result) =>
    `${result.path} is whole: ${result.documents} documents, ${result.chunks} chunks, ${formatBytes(result.contentBytes)} of text`,
});
