import { CemError } from '../../base/index.ts';
import type { PatchingConfig } from '../config.ts';
import { FramePatcher } from './frame-patcher.ts';
import type { Patcher } from './patcher.ts';
import { SpacePatcher } from './space-patcher.ts';
import { StaticPatcher } from './static-patcher.ts';

/**
 * The patcher that a configuration names.
 *
 * @param patchSize symbols a patch of static patching
 * @param entropy what an `EntropyPatcher` made of the configured entropy model; needed for entropy patching only
 * @throws CemError `PATCHING_NO_ENTROPY_MODEL`
 */
export function createPatcher(patching: PatchingConfig, patchSize: number, entropy?: Patcher): Patcher {
  if (patching.kind === 'static') return new StaticPatcher(patchSize);
  if (patching.kind === 'space') return new SpacePatcher(patching.maximumLength);
  if (patching.kind === 'frame') return new FramePatcher(patching.maximumLength);
  if (entropy) return entropy;
  throw new CemError(
    'PATCHING_NO_ENTROPY_MODEL',
    `entropy patching needs the entropy model ${patching.model}, and none was given: load it and pass an EntropyPatcher`,
    { details: { model: patching.model } },
  );
}
