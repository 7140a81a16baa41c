import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { documentText, packCorpus, readCorpus } from '../../data/index.ts';
import { testBackend } from '../backend.ts';
import { collect, withTemporaryFolder, writeJsonl } from '../fixtures/temporary-folder.ts';
import { saveUntrainedStudent } from '../fixtures/untrained-student.ts';

export const TOPICS = ['granite quarry', 'orchid meadow', 'harbour crane', 'violin bow', 'comet tail', 'saffron spice'];
const PACK = { level: 3, targetChunkSize: 128, dictionarySize: 1024 };

export interface SmallRun {
  readonly folder: string;
  /** BEIR folder: of every topic a short document `d<n>`, a long one `long<n>`, and a query for the short one. */
  readonly data: string;
  /** A run with an untrained student and an LSA teacher of 4 dimensions. */
  readonly run: string;
  /** The run's own corpus: the documents, packed so that long ones have several chunks. */
  readonly zpkg: string;
}

/** Makes the run, and removes it after the action. */
export async function withSmallRun(action: (paths: SmallRun) => Promise<void>): Promise<void> {
  await testBackend();
  await withTemporaryFolder(async (folder) => {
    const run = join(folder, 'run');
    const paths = { folder, data: join(folder, 'beir'), run, zpkg: join(run, 'corpus.zpkg') };
    await mkdir(join(paths.data, 'qrels'), { recursive: true });
    const documents = TOPICS.flatMap((topic, index) => [
      { _id: `d${index}`, title: topic, text: `Notes on the ${topic}.` },
      {
        _id: `long${index}`,
        title: '',
        text: Array.from({ length: 60 }, (_, line) => `${topic} line ${(line * 7919 + index) % 1009}`).join('; '),
      },
    ]);
    await writeJsonl(join(paths.data, 'corpus.jsonl'), documents);
    await writeJsonl(
      join(paths.data, 'queries.jsonl'),
      TOPICS.map((text, index) => ({ _id: `q${index}`, text })),
    );
    const judgments = TOPICS.map((_, index) => `q${index}\td${index}\t1\n`);
    await writeFile(join(paths.data, 'qrels', 'test.tsv'), `query-id\tcorpus-id\tscore\n${judgments.join('')}`);
    const texts = (await collect(readCorpus(paths.data))).map(documentText);
    await saveUntrainedStudent(run, { texts, dimension: 4, pack: PACK });
    await packCorpus(() => readCorpus(paths.data), paths.zpkg, PACK);
    await action(paths);
  });
}
