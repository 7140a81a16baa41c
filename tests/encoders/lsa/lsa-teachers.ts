import { LsaEmbedder, lsaConfig } from '../../../encoders/index.ts';
import { passageRows } from '../../training/tiny-run.ts';

const config = lsaConfig.parse({ kind: 'lsa', dimension: 16 });

/** A teacher, one of other files that computes the same vectors, and one of the same kind that does not. */
export interface LsaTeachers {
  readonly recorded: LsaEmbedder;
  readonly equivalent: LsaEmbedder;
  readonly different: LsaEmbedder;
}

/** Fits on real passages, which know most words of the probe. */
export async function lsaTeachers(): Promise<LsaTeachers> {
  const texts = passageRows(200).map(({ text }) => text);
  const recorded = await LsaEmbedder.fit(texts, config);
  return {
    recorded,
    // The seed is used in fitting alone, and is part of the revision.
    equivalent: new LsaEmbedder({ ...recorded.parts, config: { ...config, seed: 9 } }),
    different: await LsaEmbedder.fit(texts.slice(0, 150), config),
  };
}
