import { UsageError } from '../../base/index.ts';
import { type VectorGroup, vectorGroup } from '../../encoders/index.ts';
import { type GroupSet, groupSet } from '../../eval/groups/index.ts';
import { tensorInnerProducts } from '../../search/exact/index.ts';
import { GROUP_CODECS, type GroupCodecKind, openGroupCodec, trainCodebook, writeCodebook } from '../../search/rerank/index.ts';

interface StoredGroups {
  readonly groups: GroupSet;
  /** Bytes of a group in the mean. */
  readonly bytes: number;
}

/** Groups as an index keeps them: written and read again. The codebook of 2-bit residuals is made of their own vectors. */
export async function storedGroups(made: GroupSet, kind: GroupCodecKind): Promise<StoredGroups> {
  const { dimension, size } = made;
  const codebook =
    kind === 'residual2'
      ? writeCodebook(await trainCodebook(made.data, dimension, { innerProducts: tensorInnerProducts }))
      : undefined;
  const codec = openGroupCodec(kind, dimension, codebook);
  const read: VectorGroup[] = [];
  let bytes = 0;
  for (let index = 0; index < size; index++) {
    const rows = made.data.subarray(made.starts[index]! * dimension, made.starts[index + 1]! * dimension);
    const stored = codec.encode(vectorGroup(rows, dimension));
    bytes += stored.length;
    read.push(codec.decode(stored));
  }
  return { groups: groupSet(read, dimension), bytes: bytes / Math.max(1, size) };
}

/** @throws UsageError `GROUP_CODEC` */
export function parseCodecs(text: string | undefined): GroupCodecKind[] {
  return (text ?? '').split(',').flatMap((part) => {
    const name = part.trim();
    if (name === '') return [];
    const kind = GROUP_CODECS.find((known) => known === name);
    if (kind !== undefined) return [kind];
    throw new UsageError('GROUP_CODEC', `--stored ${text}: "${name}" is none of ${GROUP_CODECS.join(', ')}`, {
      details: { stored: text },
    });
  });
}
