import { setImmediate } from 'node:timers/promises';
import { CemError } from '../../base/index.ts';
import type { StepResult } from '../runs/step-result.ts';
import type { TrainingStage } from '../runs/training-listener.ts';

/** A step that was taken. */
export interface TakenStep {
  /** Steps of the run so far, this one included. */
  readonly done: number;
  /** Whether it is the last step that the run has. */
  readonly last: boolean;
  readonly result: StepResult;
  /** Texts that it was trained on. */
  readonly texts: number;
}

/** Something that is done beside the steps: logging, measuring, writing checkpoints. */
export interface StepHook {
  /** After each step. */
  afterStep?(step: TakenStep): void | Promise<void>;
  /** When no step follows, be it behind the last one, an early end or a signal; also where there was none left to take. */
  atEnd?(done: number): void | Promise<void>;
}

export interface StepRun {
  /** Steps that were taken before this start of the run. */
  readonly first: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Takes a step, counted from 0. */
  step(number: number): Promise<{ readonly result: StepResult; readonly texts: number }>;
  /** In the order in which they are called: a hook sees what those before it have done. */
  readonly every: readonly StepHook[];
  /** Keeps what is to be known of a step whose loss is no number, and says where to look: the end of the error's message. */
  onFailure(number: number, result: StepResult): string | Promise<string>;
  /** Whether the run ends before its last step. */
  readonly stopsEarly?: () => boolean;
  readonly stage: TrainingStage;
  /** Asks for an end after the current step. */
  readonly signal?: AbortSignal | undefined;
}

export interface StepsEnd {
  /** Steps of the run so far. */
  readonly step: number;
  /** Whether the signal ended it before its last step. */
  readonly interrupted: boolean;
  /** Whether `stopsEarly` did. */
  readonly stoppedEarly: boolean;
}

/**
 * Takes the steps of a run, from the first that is missing to the last. Whatever is trained, this is its loop: what a step does, and what is done beside steps, is passed in.
 *
 * @throws CemError `TRAINING_NOT_FINITE` when a loss or a gradient is no number, and what steps and hooks throw; the stage has failed then
 */
export async function runSteps({ first, steps, every, stage, signal, ...run }: StepRun): Promise<StepsEnd> {
  const stopsEarly = () => run.stopsEarly?.() ?? false;
  try {
    let done = first;
    while (done < steps && !stopsEarly() && !signal?.aborted) {
      const { result, texts } = await run.step(done);
      if (!Number.isFinite(result.loss) || !Number.isFinite(result.gradientNorm))
        throw notFinite(done, result, await run.onFailure(done, result));
      done++;
      for (const hook of every) await hook.afterStep?.({ done, last: done === steps, result, texts });
      // A step may hold this thread from its begin to its end: here signals come in.
      await setImmediate();
    }
    for (const hook of every) await hook.atEnd?.(done);
    const stoppedEarly = stopsEarly();
    return { step: done, interrupted: done < steps && !stoppedEarly, stoppedEarly };
  } catch (error) {
    stage.fail();
    throw error;
  }
}

function notFinite(step: number, { loss, gradientNorm }: StepResult, whereToLook: string): CemError {
  return new CemError(
    'TRAINING_NOT_FINITE',
    `the loss of step ${step} is ${loss} (gradient norm ${gradientNorm}): lower optimizer.learningRate; ${whereToLook}`,
    { details: { step, loss, gradientNorm } },
  );
}
