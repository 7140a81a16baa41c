import { join } from 'node:path';
import type { RunConfig } from '../../configs/index.ts';
import { readBeir } from '../../data/index.ts';
import { DevEvaluation } from '../../eval/index.ts';
import { tensorInnerProducts } from '../../search/exact/index.ts';
import type { OpenDevEvaluator } from '../../training/index.ts';

/**
 * What training measures the model with where the configuration has `data.dev`: the candidates are packed into the run's folder with its own dictionary.
 *
 * @throws as `readBeir`, at once: a missing split is said before anything is trained
 */
export async function devEvaluatorOf(config: RunConfig): Promise<OpenDevEvaluator | undefined> {
  const { dev } = config.data;
  if (dev === undefined) return undefined;
  const data = await readBeir(dev.source ?? config.data.source, dev.split);
  return async ({ run, dictionary, pack, teacher, listener }) => {
    const { level, targetChunkSize, passageSize = 0, passageOverlap = 0 } = pack;
    const stage = listener.stage('dev evaluation');
    try {
      const evaluation = await DevEvaluation.open({
        data,
        candidates: dev.candidates,
        ...(dev.queries !== undefined && { queries: dev.queries }),
        reads: config.model.input === 'text' ? 'text' : 'compressed chunks',
        zpkg: join(run, 'dev.zpkg'),
        pack: { level, targetChunkSize, passageSize, passageOverlap, dictionary },
        teacher,
        innerProducts: tensorInnerProducts,
        onProgress: (name, done, total) => stage.progress(done, total, name),
      });
      stage.done(`${evaluation.queries} queries, teacher's nDCG@10 ${evaluation.teacherNdcg.toFixed(4)}`);
      return evaluation;
    } catch (error) {
      stage.fail();
      throw error;
    }
  };
}
