/** Trains the demo's encoder for some steps and measures what it keeps of its teacher; prints one JSON line. The same on another backend says what to expect. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { runDemo } from '../../recipes/demo/index.ts';
import { readMarkdownFiles } from '../../recipes/shared/installed-markdown.ts';

const { values } = parseArgs({
  options: {
    backend: { type: 'string', default: 'xla' },
    precision: { type: 'string', default: 'float32' },
    steps: { type: 'string', default: '200' },
    /** The run's folder; one that is there is begun anew. */
    run: { type: 'string', default: 'runs/gpu-retention' },
    /** A folder of Markdown. */
    source: { type: 'string', default: 'node_modules' },
    /** A part of the texts, fewer and shorter ones a step: for processors. */
    quick: { type: 'boolean', default: false },
  },
});
const QUICK = [
  'model.maximumSymbols=64',
  'model.tables.rows=5000',
  'training.passages.batchSize=16',
  'training.sentences.batchSize=16',
  'pack.level=3',
];
/** Of so many files one is taken. */
const QUICK_FILES = 4;

/** Where the texts lie that are trained on. */
async function texts(): Promise<string> {
  if (!values.quick) return values.source;
  const folder = `${values.run}-texts`;
  await rm(folder, { recursive: true, force: true });
  const files = await readMarkdownFiles(values.source);
  for (const { name, markdown } of files.filter((_, index) => index % QUICK_FILES === 0)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), markdown);
  }
  return folder;
}

const processor = process.cpuUsage();
const report = await runDemo({
  run: values.run,
  source: await texts(),
  force: true,
  backend: values.backend,
  set: [
    `training.steps=${values.steps}`,
    ...(values.quick ? QUICK : []),
    ...(values.precision === 'float32' ? [] : [`training.precision=${values.precision}`]),
  ],
  listener: {
    note: (line) => process.stderr.write(`${line}\n`),
    stage: (name) => ({
      progress: () => undefined,
      done: (line) => process.stderr.write(`${name}: ${line ?? 'done'}\n`),
      fail: () => process.stderr.write(`${name}: failed\n`),
    }),
  },
});
const { user, system } = process.cpuUsage(processor);
const { encoders, retention } = report.evaluation;
const metrics = (await readFile(join(values.run, 'metrics.jsonl'), 'utf8')).trim().split('\n');
process.stdout.write(
  `${JSON.stringify({
    steps: Number(values.steps),
    documents: report.documents,
    teacher: encoders.teacher['ndcg_at_10'],
    student: encoders.student['ndcg_at_10'],
    random: encoders.random['ndcg_at_10'],
    retention,
    lastMetrics: JSON.parse(metrics.at(-1)!) as unknown,
    trainingSeconds: report.stages.find(({ name }) => name === 'training')?.seconds,
    processorSeconds: (user + system) / 1e6,
  })}\n`,
);
