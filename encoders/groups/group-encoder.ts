import type { OnProgress } from '../../base/index.ts';
import type { EncoderDescription } from '../encoder.ts';
import type { PatchGroupsConfig } from './patch-group.ts';
import type { VectorGroup } from './vector-group.ts';
import type { VectorizerConfig } from './vectorizer.ts';

/** What groups are made by: two descriptions that say the same give the same groups, and groups of others are never compared. */
export interface GroupDescription {
  /** Who made the token vectors. */
  readonly encoder: EncoderDescription;
  readonly vectorizer: VectorizerConfig;
  /** The projection between them; absent: none. */
  readonly projection?: { readonly id: string; readonly revision: string } | undefined;
  /** Whose patches the groups of passages are; absent: they are tokens of the encoder. */
  readonly patches?: PatchGroupsConfig | undefined;
  /** Revision of the weights of words; absent: none. */
  readonly words?: string | undefined;
  /** Length of a group's vectors. */
  readonly dimension: number;
}

/** A text as a group, and as one vector. */
export interface EncodedGroup {
  readonly group: VectorGroup;
  /** [sentence dimension], L2-normalised. */
  readonly sentence: Float32Array;
}

/** What is asked, and what was said before it. */
export interface GroupQuery {
  readonly text: string;
  /** Read before the text for the group; the sentence is of the text alone. */
  readonly context?: string | undefined;
}

/** Makes groups of queries. */
export interface QueryGroupEncoder {
  readonly description: GroupDescription;
  /** [queries.length] */
  encodeQueryGroups(queries: readonly GroupQuery[], signal?: AbortSignal): Promise<EncodedGroup[]>;
  dispose(): Promise<void>;
}

/** Makes groups of texts as well. */
export interface TextGroupEncoder extends QueryGroupEncoder {
  /** [texts.length] */
  encodeTextGroups(texts: readonly string[], onProgress?: OnProgress): Promise<EncodedGroup[]>;
}
