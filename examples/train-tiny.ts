/** Trains an encoder in seconds, on sixteen notes and without any model from elsewhere: the teacher is fitted on the notes. The folder of the run is the first argument. */
import { fileURLToPath } from 'node:url';
import { train } from 'cem-rag';

const notes = fileURLToPath(new URL('notes', import.meta.url));
const run = process.argv[2] ?? 'runs/tiny-notes';

const result = await train({
  run,
  config: {
    name: 'tiny-notes',
    data: { source: notes },
    pack: { level: 19, dictionarySize: 0 },
    teacher: { kind: 'lsa', dimension: 16, minimumDocumentFrequency: 1 },
    model: {
      maximumSymbols: 256,
      tables: { sizes: [3, 4, 5], rows: 2000 },
      local: { dimension: 32, layers: 1, heads: 2, crossAttentionHeads: 2 },
      global: { dimension: 32, layers: 1, heads: 2 },
    },
    training: {
      steps: 60,
      passages: { batchSize: 16, weight: 1 },
      sentences: { batchSize: 16, weight: 1 },
      optimizer: { learningRate: 0.01, tablesLearningRate: 0.02 },
      schedule: { warmupSteps: 4 },
    },
  },
  // A stage has its progress; this listener takes the notes alone.
  listener: {
    note: (line) => console.log(line),
    stage: () => ({ progress: () => undefined, done: () => undefined, fail: () => undefined }),
  },
});

console.log(`trained ${result.step} steps`);
