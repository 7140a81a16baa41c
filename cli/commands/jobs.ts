import { readJobs, retryJobs } from '../../recipes/jobs/index.ts';
import { defineCommand } from '../command.ts';
import { jobsPlaceOptions } from '../options/jobs-options.ts';
import { describeJobs, type JobsAnswer } from '../text/jobs-text.ts';

interface JobsCommandOptions {
  readonly action: 'show' | 'retry';
  readonly database: string;
  readonly segments: string;
  readonly limit: number;
}

/** How far the workers of a shared collection are. */
export const jobsCommand = defineCommand<JobsCommandOptions, JobsAnswer>({
  command: 'jobs [action]',
  describe: 'say how far the workers of a shared collection are, and what they set aside; or have that tried again',
  examples: [
    ['jobs --database postgres://host/cem --segments s3://bucket/docs', 'files by state, workers, what was set aside and why'],
    ['jobs retry --database postgres://host/cem --segments s3://bucket/docs', 'try again what was set aside'],
  ],
  options: (parser) =>
    parser
      .positional('action', {
        choices: ['show', 'retry'] as const,
        default: 'show' as const,
        describe: 'retry: try again what was set aside',
      })
      .options(jobsPlaceOptions)
      .option('limit', { type: 'number', default: 100, describe: 'most files set aside that are listed' }),
  async run({ action, ...options }) {
    const retried = action === 'retry' ? (await retryJobs(options)).retried : undefined;
    return { ...(await readJobs(options)), ...(retried !== undefined && { retried }) };
  },
  text: describeJobs,
});
