/** Called now and then by long work: how many items of how many are done. */
export type OnProgress = (done: number, total: number) => void;

/** A part of long work that takes a while. */
export interface Stage {
  /** @param total 0 where it is not known before the end */
  progress(done: number, total: number, extra?: string): void;
  /** Ends the stage; the summary says what came out. */
  done(summary?: string): void;
  /** Ends the stage without claiming success. */
  fail(): void;
}

/** Takes what long work says of itself: lines of information, and stages with their progress. */
export interface Listener {
  note(line: string): void;
  stage(name: string): Stage;
}

const SILENT_STAGE: Stage = { progress: () => undefined, done: () => undefined, fail: () => undefined };

/** Listens to nothing. */
export const silentListener: Listener = { note: () => undefined, stage: () => SILENT_STAGE };

/**
 * The same listener, for work that ends early: once the signal is aborted, its next progress and its next stage throw the signal's reason, which the work passes on like any other
 * failure.
 */
export function abortable(listener: Listener, signal: AbortSignal | undefined): Listener {
  if (signal === undefined) return listener;
  return {
    note: (line) => listener.note(line),
    stage: (name) => {
      signal.throwIfAborted();
      const stage = listener.stage(name);
      return {
        progress: (done, total, extra) => {
          signal.throwIfAborted();
          stage.progress(done, total, extra);
        },
        done: (summary) => stage.done(summary),
        fail: () => stage.fail(),
      };
    },
  };
}

/** Says each line once, however often it is said: for sources that are read several times. */
export function noteOnce(listener: Pick<Listener, 'note'>): (line: string) => void {
  const said = new Set<string>();
  return (line) => {
    if (said.has(line)) return;
    said.add(line);
    listener.note(line);
  };
}

/** Runs work as one stage, which fails where the work does, and ends with a summary of what came out. */
export async function inStage<Result>(
  listener: Listener,
  name: string,
  work: (stage: Stage) => Promise<Result>,
  summary: (result: Result) => string | undefined = () => undefined,
): Promise<Result> {
  const stage = listener.stage(name);
  try {
    const result = await work(stage);
    stage.done(summary(result));
    return result;
  } catch (error) {
    stage.fail();
    throw error;
  }
}

/** Turns progress by stage name into a listener's stages: a new name ends the stage before it. */
export interface StageFollower {
  readonly progress: (name: string, done: number, total: number) => void;
  /** Ends the last stage. */
  done(): void;
  /** Ends the last stage, if it was not ended, without claiming success. */
  fail(): void;
}

export function followStages(listener: Listener): StageFollower {
  let current: { readonly name: string; readonly stage: Stage } | undefined;
  const end = (how: 'done' | 'fail'): void => {
    current?.stage[how]();
    current = undefined;
  };
  return {
    progress(name, done, total) {
      if (current?.name !== name) {
        end('done');
        current = { name, stage: listener.stage(name) };
      }
      current.stage.progress(done, total);
    },
    done: () => end('done'),
    fail: () => end('fail'),
  };
}

/** Runs work that names its stages itself; the last one ends, or fails, with the work. */
export async function inStages<Result>(
  listener: Listener,
  work: (progress: StageFollower['progress']) => Promise<Result>,
): Promise<Result> {
  const stages = followStages(listener);
  try {
    const result = await work(stages.progress);
    stages.done();
    return result;
  } catch (error) {
    stages.fail();
    throw error;
  }
}
