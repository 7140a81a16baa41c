/** Measures an encoder on a data set in BEIR layout, beside its teacher, BM25 and chance. */
import { fileURLToPath } from 'node:url';
import { evaluate } from 'cem-rag';

const notes = fileURLToPath(new URL('notes', import.meta.url));
// A checkpoint's folder or a run's: that of train-tiny.ts unless one is named.
const checkpoint = process.env['CEM_CHECKPOINT'] ?? 'runs/tiny-notes';

const { encoders, saving } = await evaluate({ checkpoint, data: notes, split: 'test', dictionary: 'corpus' });

for (const [row, measures] of Object.entries(encoders))
  console.log(`${row.padEnd(8)} nDCG@10 ${measures['ndcg_at_10']!.toFixed(4)}`);
console.log(`saving ${(100 * saving).toFixed(0)} %, rows ${Object.keys(encoders).join(' ')}`);
