import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { abortable, followStages, inStage, type Listener, silentListener } from '../../base/progress.ts';

const test = suite('progress');

/** Keeps all that it is told, one string each. */
function recorder(): { listener: Listener; heard: string[] } {
  const heard: string[] = [];
  const listener: Listener = {
    note: (line) => heard.push(line),
    stage: (name) => ({
      progress: (done, total) => heard.push(`${name} ${done}/${total}`),
      done: (summary) => heard.push(`${name} done${summary === undefined ? '' : `: ${summary}`}`),
      fail: () => heard.push(`${name} failed`),
    }),
  };
  return { listener, heard };
}

test('stages by name: a new name ends the one before, and the end is said once', () => {
  const { listener, heard } = recorder();
  const stages = followStages(listener);
  stages.progress('read', 1, 2);
  stages.progress('read', 2, 2);
  stages.progress('pack', 1, 1);
  stages.done();
  stages.fail();
  assert.equal(heard, ['read 1/2', 'read 2/2', 'read done', 'pack 1/1', 'pack done']);
});

test('work in a stage ends it with its summary, or fails it', async () => {
  const { listener, heard } = recorder();
  const count = await inStage(
    listener,
    'count',
    async (stage) => {
      stage.progress(3, 3);
      return 3;
    },
    (result) => `${result} things`,
  );
  assert.is(count, 3);
  await inStage(listener, 'break', () => Promise.reject(new Error('broken'))).then(assert.unreachable, () => undefined);
  assert.equal(heard, ['count 3/3', 'count done: 3 things', 'break failed']);
});

test('an aborted signal ends work at its next progress and at its next stage, with its reason', () => {
  const stop = new AbortController();
  const listener = abortable(silentListener, stop.signal);
  const stage = listener.stage('work');
  stage.progress(1, 2);
  const reason = new Error('enough');
  stop.abort(reason);
  listener.note('notes still come through');
  stage.fail();
  for (const more of [() => stage.progress(2, 2), () => listener.stage('next')]) {
    try {
      more();
      assert.unreachable();
    } catch (error) {
      assert.is(error, reason);
    }
  }
});

test.run();
