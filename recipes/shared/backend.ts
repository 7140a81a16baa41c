import type { Listener } from '../../base/index.ts';
import { type BackendChoice, describeBackend, parseBackendRequest, selectBackend } from '../../model/backend/index.ts';

/** What computes. */
export interface OnBackend {
  /** `auto`, the fastest that works here, or one of `tensorflow`, `webgpu`, `wasm`, `cpu`; by default CEM_BACKEND, else `auto`. For the whole process. */
  readonly backend?: string | undefined;
}

/**
 * Makes a backend the one that computes.
 *
 * @throws UsageError `BACKEND_UNKNOWN`; BackendError `BACKEND_UNAVAILABLE`
 */
export function chooseBackend({ backend }: OnBackend): Promise<BackendChoice> {
  return selectBackend(parseBackendRequest(backend ?? process.env['CEM_BACKEND'] ?? 'auto'));
}

/** The same, and says which it is. */
export async function useBackend(options: OnBackend, listener: Pick<Listener, 'note'>): Promise<BackendChoice> {
  const choice = await chooseBackend(options);
  listener.note(describeBackend(choice));
  return choice;
}
