import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Host, makeNetwork, startOn } from '../../fixtures/network-hosts.ts';
import { PYTHON } from '../../python.ts';

const CEM = ['--import', 'tsx', fileURLToPath(new URL('./run-cem.ts', import.meta.url))];
const POSTGRES = fileURLToPath(new URL('../../../scripts/postgres.sh', import.meta.url));
const STORE_PORT = 9000;

/** What a program printed, when it has ended. */
export async function outputOf(child: ChildProcess): Promise<{ readonly output: string; readonly errors: string }> {
  let [output, errors] = ['', ''];
  child.stdout?.on('data', (piece) => {
    output += piece;
  });
  child.stderr?.on('data', (piece) => {
    errors += piece;
  });
  await once(child, 'close');
  if (child.exitCode !== 0 && child.signalCode !== 'SIGKILL')
    throw new Error(`a program ended with ${child.exitCode}: ${errors}`);
  return { output, errors };
}

/** Machines: one with PostgreSQL and an object store, and others. */
export async function openHosts(place: string, count: number) {
  const network = await makeNetwork(count + 1);
  const [server, ...hosts] = network.hosts as [Host, ...Host[]];
  const folder = join('/var/tmp', `cem-hosts-${process.pid}`);
  const postgres = (action: string) =>
    outputOf(startOn(server, ['bash', POSTGRES, action], { CEM_POSTGRES_FOLDER: folder, CEM_POSTGRES_ADDRESS: server.address }));
  let store: ChildProcess | undefined;
  const remove = async (): Promise<void> => {
    store?.kill();
    await postgres('stop').catch(() => undefined);
    await network.remove();
  };
  try {
    const database = (await postgres('start')).output.trim();
    store = startOn(server, [PYTHON!, '-m', 'moto.server', '-H', server.address, '-p', String(STORE_PORT)]);
    store.stdout?.resume();
    store.stderr?.resume();
    const address = `http://${server.address}:${STORE_PORT}`;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_S3: address,
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
      CEM_REMOTE_CACHE: '0',
    });
    await madeBucket(address);
    const cem = (host: Host, words: readonly string[]): ChildProcess =>
      startOn(host, [process.execPath, ...CEM, ...words], { TMPDIR: place });
    return { network, hosts, database, cem, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function madeBucket(address: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt++) {
    const made = await fetch(`${address}/bucket`, { method: 'PUT' }).catch(() => undefined);
    if (made?.ok) return;
    await wait(100);
  }
  throw new Error('moto does not answer');
}
