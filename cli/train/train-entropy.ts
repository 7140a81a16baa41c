import { join } from 'node:path';
import { UsageError } from '../../base/index.ts';
import type { EntropyRunConfig } from '../../configs/index.ts';
import { trainingDocuments } from '../../data/index.ts';
import { describeBackend, parseBackendRequest, selectBackend } from '../../model/backend/index.ts';
import { type EntropyTrainResult, trainEntropyModel } from '../../training/index.ts';
import { noteOnce } from '../options/corpus-input.ts';
import { formatDuration, type Reporter } from '../output/reporter.ts';
import { withStopSignal } from '../process/stop-signal.ts';

/** What `cem train` prints as JSON for an entropy model. */
export interface EntropyTrainCommandResult extends EntropyTrainResult {
  readonly backend: string;
}

/**
 * Trains an entropy model with a resolved configuration; SIGINT and SIGTERM write a checkpoint and end the run.
 *
 * @throws UsageError `PLAN_ENCODERS_ONLY`; what `trainEntropyModel` throws
 */
export async function trainEntropyFromConfig(
  config: EntropyRunConfig,
  options: { readonly run: string | undefined; readonly resume: boolean; readonly plan: boolean; readonly backend: string },
  reporter: Reporter,
): Promise<EntropyTrainCommandResult> {
  if (options.plan) {
    throw new UsageError(
      'PLAN_ENCODERS_ONLY',
      `--plan works out what an encoder takes, and ${config.name} is an entropy model; leave it out to train`,
    );
  }
  const { documents } = await trainingDocuments(config.data, [], { note: noteOnce(reporter) });
  const backend = await selectBackend(parseBackendRequest(options.backend));
  reporter.note(describeBackend(backend));
  const result = await withStopSignal(reporter, (signal) =>
    trainEntropyModel(config, {
      run: options.run ?? join('runs', config.name),
      resume: options.resume,
      resolved: config,
      environment: { backend: backend.name, backendDetail: backend.detail },
      documents,
      listener: reporter,
      signal,
    }),
  );
  return { ...result, backend: backend.name };
}

/** The result as text. */
export function entropyTrainText(result: EntropyTrainCommandResult): string {
  const { loss, heldOutBits, threshold } = result;
  const lines = [
    `${result.interrupted ? 'stopped' : 'trained'} at step ${result.step} in ${formatDuration(result.seconds)}${loss ? `, loss ${loss.first.toFixed(4)} -> ${loss.last.toFixed(4)} nats a byte` : ''}`,
  ];
  if (heldOutBits !== null) lines.push(`held out: ${heldOutBits.toFixed(3)} bits a byte in ${result.texts.heldOut} texts`);
  if (threshold) lines.push(`threshold: ${threshold.threshold} nats, patches of ${threshold.meanLength.toFixed(2)} bytes`);
  lines.push(`checkpoint: ${result.checkpoint}`);
  return lines.join('\n');
}
