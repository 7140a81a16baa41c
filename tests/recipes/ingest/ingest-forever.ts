// Run by ingest-kill.test.ts in a process of its own: ingests one state of a folder after the other, says what it is at, and is killed.
import { ingest } from '../../../recipes/ingest/index.ts';
import { writeFilesOf } from './file-sequence.ts';

const [, , files = '', collection = '', checkpoint = '', first = '0', models] = process.argv;
// Random weights: what is under test is that groups are there, of the texts that are.
const groups = models === undefined ? undefined : { encoder: { model: 'qwen3-embedding-tiny', queryPrompt: '' } };
for (let step = Number(first); ; step++) {
  await writeFilesOf(step, files, true);
  const say = (what: string) => process.stdout.write(`${step} ${what}\n`);
  say('begins');
  const listener = {
    note: () => undefined,
    stage: (name: string) => {
      say(name);
      return { progress: () => say(name), done: () => say(name), fail: () => undefined };
    },
  };
  await ingest({ paths: [files], into: collection, checkpoint, models, groups, backend: 'cpu', listener });
}
