import { UsageError } from '../../../base/index.ts';
import { GROUP_CODECS, type GroupCodec, type GroupCodecKind } from './group-codec.ts';
import { readCodebook } from './residual-codebook.ts';
import { residualCodec } from './residual-codec.ts';
import { float16Codec, int8Codec } from './row-codecs.ts';

/**
 * The codec of a name.
 *
 * @param codebook as `writeCodebook` wrote it, of `residual2`
 * @throws UsageError `GROUP_CODEC` for a name that is none, or residuals without a codebook; FormatError `GROUP_CODEBOOK`
 */
export function openGroupCodec(kind: GroupCodecKind, dimension: number, codebook?: Uint8Array): GroupCodec {
  if (kind === 'float16') return float16Codec(dimension);
  if (kind === 'int8') return int8Codec(dimension);
  if (kind === 'residual2' && codebook !== undefined) return residualCodec(readCodebook(codebook));
  throw new UsageError(
    'GROUP_CODEC',
    kind === 'residual2'
      ? 'vector groups of 2-bit residuals need the codebook that they were written with'
      : `${String(kind)} is no way to store vector groups; use ${GROUP_CODECS.join(', ')}`,
    { details: { kind } },
  );
}
