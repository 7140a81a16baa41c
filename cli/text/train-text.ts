import { formatDuration, formatShare } from '../../base/index.ts';
import type {
  EntropyRunResult,
  ImageRunResult,
  QueryHeadRunResult,
  RerankerRunResult,
  TrainRunResult,
} from '../../recipes/train/index.ts';

/** What training an encoder came to, as text. */
export function trainedText(result: TrainRunResult): string {
  return [
    `${result.interrupted ? 'stopped' : 'trained'} at step ${result.step} in ${formatDuration(result.seconds)}${result.loss ? `, loss ${result.loss.first.toFixed(4)} -> ${result.loss.last.toFixed(4)}` : ''}`,
    ...(result.stoppedEarly ? ['stopped early: the last evaluations brought no gain'] : []),
    `checkpoint: ${result.checkpoint}`,
    ...(result.best
      ? [
          `best: ${result.run}/checkpoints/best (step ${result.best.step}, dev nDCG@10 ${result.best['ndcg@10'].toFixed(4)}, retention ${formatShare(result.best.retention)})`,
        ]
      : []),
    `next: cem eval --checkpoint ${result.run} --data BEIR_FOLDER, or cem index --checkpoint ${result.run} --zpkg CORPUS.zpkg --index INDEX`,
  ].join('\n');
}

/** What training an entropy model came to, as text. */
export function entropyTrainText(result: EntropyRunResult): string {
  const { loss, heldOutBits, threshold } = result;
  const lines = [
    `${result.interrupted ? 'stopped' : 'trained'} at step ${result.step} in ${formatDuration(result.seconds)}${loss ? `, loss ${loss.first.toFixed(4)} -> ${loss.last.toFixed(4)} nats a byte` : ''}`,
  ];
  if (heldOutBits !== null) lines.push(`held out: ${heldOutBits.toFixed(3)} bits a byte in ${result.texts.heldOut} texts`);
  if (threshold) lines.push(`threshold: ${threshold.threshold} nats, patches of ${threshold.meanLength.toFixed(2)} bytes`);
  lines.push(`checkpoint: ${result.checkpoint}`);
  return lines.join('\n');
}

/** What training a reranker came to, as text. */
export function rerankerTrainText(result: RerankerRunResult): string {
  const { loss, best, texts } = result;
  const lines = [
    `${result.interrupted ? 'stopped' : 'trained'} at step ${result.step} in ${formatDuration(result.seconds)}${loss ? `, loss ${loss.first.toFixed(4)} -> ${loss.last.toFixed(4)}` : ''}; ${texts.queries} queries, ${texts.documents} texts`,
    `checkpoint: ${result.checkpoint}`,
  ];
  if (best) {
    lines.push(
      `best: ${result.run}/checkpoints/best (step ${best.step}, dev nDCG@10 ${best['ndcg@10'].toFixed(4)}, ${best.retention.toFixed(3)} times that of the ranking it read)`,
    );
  }
  return lines.join('\n');
}

/** What training an image tower came to, as text. */
export function imageTrainText(result: ImageRunResult): string {
  const { loss, best, pictures, heldOutPictures: measures } = result;
  const lines = [
    `${result.interrupted ? 'stopped' : 'trained'} at step ${result.step} in ${formatDuration(result.seconds)}${loss ? `, loss ${loss.first.toFixed(4)} -> ${loss.last.toFixed(4)}` : ''}; ${pictures} pictures`,
    `checkpoint: ${result.checkpoint}`,
  ];
  if (best && measures) {
    const { textToImage: texts, imageToImage: images } = measures;
    const times = (value: number, chance: number) =>
      `${value.toFixed(3)}, ${(value / chance).toFixed(1)} times chance (${chance.toFixed(3)})`;
    lines.push(
      `best: ${result.run}/checkpoints/best (step ${best.step}), on ${measures.pictures} pictures that were held out`,
      `  a caption finds its picture among the first ten: ${times(texts.recallAt10, texts.chance)}`,
      `  pictures of a picture's category among its first ten: ${times(images.precisionAt10, images.chance)}`,
    );
  }
  return lines.join('\n');
}

/** What training a head over token vectors came to, as text. */
export function queryHeadTrainText(result: QueryHeadRunResult): string {
  const { loss, best, texts, weights } = result;
  const lines = [
    `${result.interrupted ? 'stopped' : 'trained'} at step ${result.step} in ${formatDuration(result.seconds)}${loss ? `, loss ${loss.first.toFixed(4)} -> ${loss.last.toFixed(4)}` : ''}; ${weights} weights, ${texts.queries} queries, ${texts.passages} passages`,
    `checkpoint: ${result.checkpoint}`,
  ];
  if (best) {
    lines.push(
      `best: ${result.run}/checkpoints/best (step ${best.step}, dev nDCG@10 ${best['ndcg@10'].toFixed(4)}, ${best.retention.toFixed(3)} times that of one vector a text)`,
    );
  }
  lines.push(`next: cem eval-fields --head ${result.run} --data BEIR_FOLDER`);
  return lines.join('\n');
}
