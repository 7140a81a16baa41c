import { CemError } from '../../base/index.ts';
import type { PatchingConfig } from '../../model/index.ts';
import { EntropyPatcher } from '../../model/patching/index.ts';
import { loadEntropyModel } from '../store/entropy-checkpoint.ts';

/** The patcher of a configuration with entropy patching, and the language model that it asks. */
export interface LoadedEntropyPatcher {
  readonly patcher: EntropyPatcher;
  /** Content hash of the language model. */
  readonly identity: string;
  /** Gives the language model's memory back; texts that were prepared stay known. */
  dispose(): void;
}

/**
 * Loads the entropy model that a configuration names, for `CemModel.useEntropyPatcher`.
 *
 * @param longest the encoder's `maximumSymbols`
 * @param expected the language model's content hash in the encoder's checkpoint; absent: any will do
 * @throws CemError `ENTROPY_MODEL_OTHER` when it is another one, with which the encoder would see other patches than it was trained on; as `loadEntropyModel`
 */
export async function loadEntropyPatcher(
  patching: Extract<PatchingConfig, { kind: 'entropy' }>,
  longest: number,
  expected?: string,
): Promise<LoadedEntropyPatcher> {
  const { model, state, path } = await loadEntropyModel(patching.model);
  const { contentHash: identity } = state;
  if (expected !== undefined && identity !== expected) {
    model.dispose();
    throw new CemError(
      'ENTROPY_MODEL_OTHER',
      `${path} is not the entropy model that the encoder was trained with (its hash is ${identity.slice(0, 12)}…, not ${expected.slice(0, 12)}…): put that one back, or train the encoder again`,
      { details: { path, identity, expected } },
    );
  }
  const { threshold, monotonic, maximumLength } = patching;
  const rule = { threshold, monotonic, ...(maximumLength === undefined ? {} : { maximumLength }) };
  const source = { identity, entropies: (texts: readonly Uint8Array[]) => model.entropies(texts) };
  return { patcher: new EntropyPatcher(source, rule, longest), identity, dispose: () => model.dispose() };
}
