import { abortable, type Listener, silentListener } from '../../base/index.ts';

/** What every long call takes. */
export interface LongCall {
  /** Ends the work early: the call fails with the signal's reason. Training ends with a checkpoint instead. */
  readonly signal?: AbortSignal | undefined;
  /** Told how far the work is; nobody is unless given. */
  readonly listener?: Listener | undefined;
}

/** Whom a long call tells how far it is; where it learns that its signal was aborted. */
export function listenerOf({ listener = silentListener, signal }: LongCall): Listener {
  return abortable(listener, signal);
}
