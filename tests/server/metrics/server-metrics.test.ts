import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ServerLoad, ServerMetrics } from '../../../server/metrics/index.ts';

const test = suite('metrics of a server');

const load = { running: 1, waiting: 2, jobs: 3, jobBytes: 4 };

test('hot passages are figures and counters, asked for when they are read; none where no tiers are kept', async () => {
  let now: ServerLoad = load;
  const metrics = new ServerMetrics(() => now);
  const figures = async (): Promise<string[]> =>
    (await metrics.text()).split('\n').filter((line) => /^cem_(hot|tier)/.test(line));
  assert.equal(
    (await figures()).map((line) => line.split(' ').at(-1)),
    ['0', '0', '0', '0', '0', '0'],
  );
  now = { ...load, tiers: { rows: 3, room: 4, promoted: 5, demoted: 2, hotResults: 7, coldResults: 8 } };
  for (let reading = 0; reading < 2; reading++)
    assert.equal(await figures(), [
      'cem_hot_passages 3',
      'cem_hot_passages_room 4',
      'cem_tier_moves_total{move="promoted"} 5',
      'cem_tier_moves_total{move="demoted"} 2',
      'cem_tier_results_total{tier="hot"} 7',
      'cem_tier_results_total{tier="cold"} 8',
    ]);
});

test('jobs of workers are figures while the database answers; without it all others are told', async () => {
  let [answers, asked] = [true, 0];
  const metrics = new ServerMetrics(
    () => load,
    async () => {
      asked += 1;
      if (!answers) throw new Error('the database is gone');
      return { waiting: 1, active: 2, completed: 3, setAside: 4, workers: 5 };
    },
  );
  const figures = async (): Promise<string[]> =>
    (await metrics.text()).split('\n').filter((line) => /^cem_(worker|queue_running)/.test(line));
  const all = [
    'cem_worker_jobs{state="waiting"} 1',
    'cem_worker_jobs{state="active"} 2',
    'cem_worker_jobs{state="completed"} 3',
    'cem_worker_jobs{state="set_aside"} 4',
    'cem_workers 5',
    'cem_queue_running 1',
  ];
  assert.equal(await figures(), all);
  assert.is(asked, 1, 'once a reading');
  answers = false;
  assert.equal(await figures(), ['cem_queue_running 1']);
  answers = true;
  assert.equal(await figures(), all);
});

test('a database that keeps one waiting holds up no other figures', async () => {
  const metrics = new ServerMetrics(
    () => load,
    () => new Promise(() => undefined),
  );
  // Keeps the process alive, as a server's connections do.
  const alive = setInterval(() => undefined, 1000);
  const figures = await metrics.text();
  clearInterval(alive);
  assert.match(figures, /^cem_queue_running 1$/m);
  assert.not.match(figures, /^cem_worker/m);
});

test('where nobody shares collections there are no figures of their jobs', async () => {
  assert.not.match(await new ServerMetrics(() => load).text(), /^cem_worker/m);
});

test.run();
