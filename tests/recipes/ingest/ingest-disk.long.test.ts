import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { withTemporaryFolder } from '../../fixtures/temporary-folder.ts';
import { saveIngestStudent } from './student.ts';

/** A disk of 200 MB in memory (tmpfs, mounted in a namespace of the test's own), of which a file takes all but so many bytes. */
const test = suite('a disk that is really full');

const SIZE = '200m';
/** Bytes that are left: none; room for what is put aside and for the segment; a little less than what is asked for before the commit. */
const LEVELS = [0, 1_000_000, 60_000_000];

const canMount =
  process.platform === 'linux' &&
  spawnSync('unshare', ['-Um', '--map-root-user', 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', '/mnt']).status === 0;

interface Outcome {
  readonly level: number | 'empty';
  readonly status: number | null;
  readonly said: string;
  readonly isOld?: boolean;
  readonly isNew?: boolean;
  readonly next?: number | null;
  readonly isMended?: boolean;
}

if (!canMount) console.log('skipped: a really full disk (no file system may be mounted here)');
else
  test('at every amount of room: the old state, an error that says so, and the next ingestion mends it', () =>
    withTemporaryFolder(async (folder) => {
      const [disk, files, checkpoint] = [join(folder, 'disk'), join(folder, 'files'), join(folder, 'run')];
      await mkdir(disk);
      await saveIngestStudent(checkpoint);
      const script = fileURLToPath(new URL('./ingest-disk.ts', import.meta.url));
      const command = `mount -t tmpfs -o size=${SIZE} tmpfs "$1" && exec "$0" --import tsx "$2" "$1" "$3" "$4" ${LEVELS.join(' ')}`;
      const { status, stdout, stderr } = spawnSync(
        'unshare',
        ['-Um', '--map-root-user', 'bash', '-c', command, process.execPath, disk, script, files, checkpoint],
        { encoding: 'utf8' },
      );
      assert.is(status, 0, stderr);
      const [first, ...outcomes] = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Outcome);
      assert.is(first!.status, 0, first!.said);
      assert.is(outcomes.length, LEVELS.length);
      for (const outcome of outcomes) {
        const said = JSON.stringify(outcome);
        console.log(said);
        assert.is(outcome.status, 1, said);
        assert.match(outcome.said, /^(?!unexpected)[A-Z_]+: .*(?:ENOSPC|is full)/, said);
        assert.ok(outcome.isOld, said);
        assert.is(outcome.next, 0, said);
        assert.ok(outcome.isMended, said);
      }
    }));

test.run();
