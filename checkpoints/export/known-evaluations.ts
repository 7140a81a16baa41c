import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { withoutMachinePaths } from './machine-paths.ts';

/** What the model card shows of `cem eval --json`. */
const evaluationSchema = z.looseObject({
  encoders: z.record(z.string(), z.record(z.string(), z.number())),
  retention: z.number().nullable(),
  saving: z.number(),
  candidates: z.string(),
  dataset: z.string(),
  split: z.string(),
  checkpoint: z.looseObject({ hash: z.string() }),
});

/** One evaluation of a checkpoint, as `cem eval --json` printed it. */
export interface KnownEvaluation {
  /** Name of the file. */
  readonly file: string;
  /** What the file says, without paths of the machine that it was made on. */
  readonly text: string;
  readonly result: z.infer<typeof evaluationSchema>;
}

/**
 * Evaluations of weights with one of these content hashes: files named `evaluation*.json` that hold what `cem eval --json` prints, beside the checkpoint's files or in its run folder.
 * Others (of other weights, or of another form) are passed over.
 */
export async function knownEvaluations(checkpoint: string, contentHashes: readonly string[]): Promise<KnownEvaluation[]> {
  const folders = [checkpoint];
  if (basename(dirname(checkpoint)) === 'checkpoints') folders.push(dirname(dirname(checkpoint)));
  const found = new Map<string, KnownEvaluation>();
  for (const folder of folders) {
    const entries = await readdir(folder, { withFileTypes: true });
    for (const file of entries.flatMap((entry) => (entry.isFile() ? entry.name : [])).sort()) {
      if (!/^evaluation[\w.-]*\.json$/.test(file) || found.has(file)) continue;
      const content = withoutMachinePaths(parseJson(await readFile(join(folder, file), 'utf8')));
      const result = evaluationSchema.safeParse(content);
      if (result.success && contentHashes.includes(result.data.checkpoint.hash))
        found.set(file, { file, text: `${JSON.stringify(content, null, 2)}\n`, result: result.data });
    }
  }
  return [...found.values()];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
