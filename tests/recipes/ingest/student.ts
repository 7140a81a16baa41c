import { saveUntrainedStudent } from '../../fixtures/untrained-student.ts';
import { wordsOf } from './file-sequence.ts';

/** A small student whose teacher is fitted to words as the files have them. */
export async function saveIngestStudent(run: string): Promise<void> {
  const texts = Array.from({ length: 40 }, (_, number) => wordsOf(number % 6, number, number % 5));
  await saveUntrainedStudent(run, {
    texts,
    dimension: 8,
    pack: { level: 19, targetChunkSize: 4096, dictionarySize: 0 },
  });
}
