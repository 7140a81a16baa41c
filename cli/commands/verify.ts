import { CemError, formatBytes } from '../../base/index.ts';
import {
  type CorpusVerification,
  DocumentReader,
  isCorpusFolder,
  SegmentedCorpus,
  verifyCorpus,
  verifyMetadata,
} from '../../data/index.ts';
import type { OnProgress } from '../../encoders/index.ts';
import { defineCommand } from '../command.ts';

interface VerifyResult {
  readonly path: string;
  readonly documents: number;
  /** Of a corpus folder: removed ones, too. */
  readonly chunks: number;
  /** Bytes of text in these chunks. */
  readonly contentBytes: number;
}

interface Verification extends Omit<CorpusVerification, 'failures'> {
  readonly failures: readonly { readonly message: string }[];
}

export const verifyCommand = defineCommand<{ readonly zpkg: string }, VerifyResult>({
  command: 'verify <zpkg>',
  describe:
    'check a container, its mapping and its metadata, or a corpus folder: every checksum, every chunk decompressed, every id',
  examples: [['verify corpus.zpkg', 'exit code 0 when everything is whole, 1 with the damaged chunks otherwise']],
  options: (parser) =>
    parser.positional('zpkg', {
      type: 'string',
      demandOption: true,
      describe: 'the container, its mapping and metadata beside it; or a corpus folder',
    }),
  run: async ({ zpkg }, reporter) => {
    const stage = reporter.stage(`verifying ${zpkg}`);
    const verify = (await isCorpusFolder(zpkg)) ? verifyFolder : verifyContainer;
    try {
      const { documents, chunks, contentBytes, failed, failures } = await verify(zpkg, (done, total) =>
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
      return { path: zpkg, documents, chunks, contentBytes };
    } catch (error) {
      stage.fail();
      throw error;
    }
  },
  text: (result) =>
    `${result.path} is whole: ${result.documents} documents, ${result.chunks} chunks, ${formatBytes(result.contentBytes)} of text`,
});

async function verifyContainer(path: string, onProgress: OnProgress): Promise<Verification> {
  const reader = await DocumentReader.open(path);
  try {
    const found = await reader.container.verify(onProgress);
    if (found.failed === 0) await verifyMetadata(reader);
    return { documents: reader.documentCount, ...found };
  } finally {
    await reader.close();
  }
}

async function verifyFolder(path: string, onProgress: OnProgress): Promise<Verification> {
  const corpus = await SegmentedCorpus.open(path);
  try {
    return await verifyCorpus(corpus, onProgress);
  } finally {
    await corpus.close();
  }
}
