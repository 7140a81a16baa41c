import { lookup } from 'node:dns/promises';
import { UsageError } from '../../base/index.ts';
import { isLoopbackAddress } from './foreign-pages.ts';

/** Whether a host name or address is reached from this machine alone; no for a name that leads nowhere. */
export async function isLoopback(host: string): Promise<boolean> {
  try {
    const addresses = await lookup(host, { all: true });
    return addresses.length > 0 && addresses.every(({ address }) => isLoopbackAddress(address));
  } catch {
    return false;
  }
}

/**
 * Refuses to open a server to other machines that lets everybody do everything.
 *
 * @throws UsageError `SERVER_INSECURE`
 */
export async function checkListening(
  host: string,
  { keys, insecure }: { readonly keys: boolean; readonly insecure: boolean },
): Promise<void> {
  if (keys || insecure || (await isLoopback(host))) return;
  throw new UsageError(
    'SERVER_INSECURE',
    `${host} can be reached from other machines, and nobody would be asked for a key: make one with \`cem keys add\`, listen on 127.0.0.1, or say --insecure where something else guards the server`,
    { details: { host } },
  );
}
