import { UsageError } from '../../base/index.ts';
import type { ImageEncoder } from './image-encoder.ts';
import { type ImageEncoderConfig, type ImageEncoderInput, imageEncoderConfig } from './image-encoder-config.ts';

/**
 * Opens an image encoder.
 *
 * @param models folder in which a model of transformers.js is looked up before the hub
 * @throws UsageError `IMAGE_ENCODER_CHOICE` for settings that are none; CemError `IMAGE_ENCODER_NOT_FOUND`, `IMAGE_ENCODER_UNAVAILABLE`
 */
export async function openImageEncoder(input: ImageEncoderInput, models?: string): Promise<ImageEncoder> {
  const config = checked(input);
  // onnxruntime is loaded only by those who need it.
  if (config.kind === 'transformers') {
    const { TransformersImageEncoder } = await import('./transformers-image-encoder.ts');
    return TransformersImageEncoder.create(config, models);
  }
  const { EndpointImageEncoder } = await import('./endpoint-image-encoder.ts');
  return new EndpointImageEncoder(config);
}

function checked(input: ImageEncoderInput): ImageEncoderConfig {
  const parsed = imageEncoderConfig.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(
    'IMAGE_ENCODER_CHOICE',
    `these are no settings of an image encoder: ${issue!.path.join('.')}: ${issue!.message}`,
    { details: { input }, cause: parsed.error },
  );
}
