import { tf } from '../tf.ts';
import { L2Normalization, LengthMask, RmsNormalization, SkipBag, SymbolKindEmbedding } from './heads.ts';
import type { CemLayer } from './layer.ts';
import { PatchPooling } from './patch-pooling.ts';
import { MaskedAttention, MaskedLast, MaskedMean } from './pooling.ts';
import { TransformerBlock } from './transformer-block.ts';

/*
 * Importing this module makes CEM's layers known to tfjs, so that `tf.loadLayersModel` can load an exported graph. Nothing that is imported from
 * here needs Node: a browser's bundle holds this module, the layers and tfjs.
 */
for (const layerClass of [
  TransformerBlock,
  PatchPooling,
  SymbolKindEmbedding,
  RmsNormalization,
  LengthMask,
  MaskedMean,
  MaskedLast,
  MaskedAttention,
  SkipBag,
  L2Normalization,
])
  tf.serialization.registerClass(layerClass as unknown as tf.serialization.SerializableConstructor<CemLayer<object>>);
