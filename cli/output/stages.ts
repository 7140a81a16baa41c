import type { Reporter, Stage } from './reporter.ts';

/** Names of the stages of packing (`PackOptions.onProgress`). */
export const PACK_STAGES = { read: 'reading', train: 'training the dictionary', pack: 'packing' } as const;

/** Turns progress by stage name into the reporter's stages: a new name ends the stage before it. */
export interface StageFollower {
  readonly progress: (name: string, done: number, total: number) => void;
  /** Ends the last stage. */
  done(): void;
  /** Ends the last stage, if it was not ended, without claiming success. */
  fail(): void;
}

export function followStages(reporter: Reporter): StageFollower {
  let current: { readonly name: string; readonly stage: Stage } | undefined;
  const end = (how: 'done' | 'fail'): void => {
    current?.stage[how]();
    current = undefined;
  };
  return {
    progress(name, done, total) {
      if (current?.name !== name) {
        end('done');
        current = { name, stage: reporter.stage(name) };
      }
      current.stage.progress(done, total);
    },
    done: () => end('done'),
    fail: () => end('fail'),
  };
}
