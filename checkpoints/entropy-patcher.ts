import type { PatchingConfig } from '../model/config.ts';
import { EntropyPatcher } from '../model/patching/entropy-patcher.ts';
import { loadEntropyModel } from './entropy-checkpoint.ts';

/** The patcher of a configuration with entropy patching, and the language model that it asks. */
export interface LoadedEntropyPatcher {
  readonly patcher: EntropyPatcher;
  /** Gives the language model's memory back; texts that were prepared stay known. */
  dispose(): void;
}

/**
 * Loads the entropy model that a configuration names, for `CemModel.useEntropyPatcher`.
 *
 * @param longest the encoder's `maximumSymbols`
 * @throws as `loadEntropyModel`
 */
export async function loadEntropyPatcher(
  patching: Extract<PatchingConfig, { kind: 'entropy' }>,
  longest: number,
): Promise<LoadedEntropyPatcher> {
  const { model, state } = await loadEntropyModel(patching.model);
  const { threshold, monotonic, maximumLength } = patching;
  const rule = { threshold, monotonic, ...(maximumLength === undefined ? {} : { maximumLength }) };
  const source = { identity: state.contentHash, entropies: (texts: readonly Uint8Array[]) => model.entropies(texts) };
  return { patcher: new EntropyPatcher(source, rule, longest), dispose: () => model.dispose() };
}
