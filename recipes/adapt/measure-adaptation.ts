import { join } from 'node:path';
import type { Listener } from '../../base/index.ts';
import { inStage } from '../../base/index.ts';
import type { LoadedStudent } from '../../checkpoints/index.ts';
import { DocumentReader } from '../../data/index.ts';
import type { TextEmbedder } from '../../encoders/index.ts';
import { DevEvaluation } from '../../eval/index.ts';
import { tensorInnerProducts } from '../../search/exact/index.ts';
import type { SentenceBenchmark } from './held-out-sentences.ts';

/** What a model finds with the teacher's vectors of held-out sentences. */
export interface SentenceRetrieval {
  readonly ndcg: number;
  /** Its share of what the teacher finds itself. */
  readonly retention: number;
}

/** One set of texts, before and after. */
export interface MeasuredSet {
  readonly queries: number;
  readonly candidates: number;
  readonly teacherNdcg: number;
  readonly before: SentenceRetrieval;
  readonly after: SentenceRetrieval;
}

export interface MeasureInput {
  /** The run's folder, with its container. */
  readonly run: string;
  /** Of the file that the candidates are packed into. */
  readonly name: string;
  readonly benchmark: SentenceBenchmark;
  readonly candidates: number;
  readonly base: LoadedStudent;
  readonly adapted: LoadedStudent;
  readonly teacher: TextEmbedder;
  readonly listener: Listener;
}

/** Both models rank the same container, packed with the run's dictionary; undefined where no sentence could be asked. */
export async function measureSet(input: MeasureInput): Promise<MeasuredSet | undefined> {
  const { run, name, benchmark, candidates, base, adapted, teacher, listener } = input;
  if (benchmark.sentences.size === 0) return undefined;
  return inStage(
    listener,
    `measure ${name}`,
    async (stage) => {
      const training = await DocumentReader.open(join(run, 'corpus.zpkg'));
      const { dictionary } = training;
      await training.close();
      const { level, targetChunkSize, passageSize = 0, passageOverlap = 0 } = base.state.pack;
      const evaluation = await DevEvaluation.open({
        data: benchmark.data,
        candidates: 'corpus',
        reads: base.student.config.input === 'text' ? 'text' : 'compressed chunks',
        zpkg: join(run, `measured-${name}.zpkg`),
        pack: { level, targetChunkSize, passageSize, passageOverlap, dictionary },
        teacher,
        innerProducts: tensorInnerProducts,
        onProgress: (part, done, total) => stage.progress(done, total, part),
      });
      try {
        const measured = async (student: LoadedStudent['student']) => {
          const { 'ndcg@10': ndcg, retention } = await evaluation.evaluate(student);
          return { ndcg, retention };
        };
        const before = await measured(base.student);
        const after = await measured(adapted.student);
        return { queries: evaluation.queries, candidates, teacherNdcg: evaluation.teacherNdcg, before, after };
      } finally {
        await evaluation.close();
      }
    },
    ({ before, after }) => `retention ${percent(before.retention)} before, ${percent(after.retention)} after`,
  );
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}
