import type { ByteSpan } from '../../base/index.ts';
import {
  type GroupDescription,
  type PatchEncoder,
  patchGroup,
  type TextGroupEncoder,
  type TokenProjection,
  type VectorGroup,
} from '../../encoders/index.ts';

/** Makes groups of passages. */
export interface GroupMaker<Passage> {
  readonly description: GroupDescription;
  /** [passages.length] */
  groupsOf(passages: readonly Passage[]): Promise<readonly VectorGroup[]>;
}

/** A passage as it is stored. */
export interface PackedPassage {
  readonly frame: Uint8Array;
  /** Of the frame's content; undefined: all of it. */
  readonly span: ByteSpan | undefined;
}

/** Groups of texts, by their tokens. */
export function textGroupMaker(encoder: TextGroupEncoder): GroupMaker<string> {
  return {
    description: encoder.description,
    groupsOf: async (texts) => (await encoder.encodeTextGroups(texts)).map(({ group }) => group),
  };
}

/**
 * Groups of compressed passages, by their patches: nothing is decompressed. Passages of one frame are to stand side by side.
 *
 * @param description of what encodes queries for them
 */
export function patchGroupMaker(
  student: PatchEncoder,
  dictionary: Uint8Array,
  description: GroupDescription,
  projection: TokenProjection | undefined,
): GroupMaker<PackedPassage> {
  return {
    description,
    groupsOf: async (passages) => {
      const frames: { readonly frame: Uint8Array; readonly spans: ByteSpan[] | undefined }[] = [];
      for (const { frame, span } of passages) {
        const last = frames.at(-1);
        if (span !== undefined && last?.spans !== undefined && last.frame === frame) last.spans.push(span);
        else frames.push({ frame, spans: span && [span] });
      }
      const read = await student.encodePatches(
        frames.map(({ frame }) => frame),
        dictionary,
        frames.map(({ spans }) => spans),
      );
      return read.map((passage) => patchGroup(passage, description.patches?.most, projection));
    },
  };
}
