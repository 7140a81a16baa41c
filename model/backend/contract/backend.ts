import { CemError, messageOf } from '../../../base/index.ts';
import type { tf as tfjs } from '../../tf.ts';

/** Every backend, fastest first: the order in which `auto` tries them (figures in shared/design/backends.md). */
export const BACKEND_NAMES = ['xla', 'tensorflow', 'webgpu', 'wasm', 'cpu'] as const;

export type BackendName = (typeof BACKEND_NAMES)[number];
export type BackendRequest = 'auto' | BackendName;

/** The backend that computes from now on. */
export interface BackendChoice {
  readonly name: BackendName;
  readonly tf: typeof tfjs;
  /** What it is exactly, e.g. `TensorFlow 2.21.0` or `compiled kernels on 2 threads, XNNPACK`. */
  readonly detail: string;
  /** Why this one: that it was asked for, or why each faster one was not taken. */
  readonly reason: string;
  /** How to get a faster one; absent where this is the fastest. */
  readonly hint?: string;
}

/** A backend does not work here. The message says why and what to do; `details.backend` names it. */
export class BackendError extends CemError {
  constructor(backend: BackendName, reason: string, advice: string, cause?: unknown) {
    super('BACKEND_UNAVAILABLE', `backend ${backend} does not work here: ${reason}. ${advice}`, {
      details: { backend, reason, advice },
      cause,
    });
    this.name = 'BackendError';
  }

  /** The reason alone, for lines that list several backends. */
  get reason(): string {
    return String(this.details['reason']);
  }
}

/** The first line of whatever was thrown. */
export function reasonOf(error: unknown): string {
  const text = messageOf(error);
  return (text.split('\n')[0] ?? '').trim().replace(/\.$/, '');
}

/** How to start one backend: resolves to its detail, rejects with BackendError. */
export type StartBackend = (options: { readonly asked: boolean }) => Promise<string>;
