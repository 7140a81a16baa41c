import {
  AutoConfig,
  AutoImageProcessor,
  AutoModel,
  CLIPTextModelWithProjection,
  CLIPVisionModelWithProjection,
  type ImageProcessor,
  JinaCLIPModel,
  JinaCLIPTextModel,
  JinaCLIPVisionModel,
  type PreTrainedModel,
  type PreTrainedTokenizer,
  SiglipTextModel,
  SiglipVisionModel,
} from '@huggingface/transformers';
import { CemError } from '../../base/index.ts';
import type { TransformersFiles } from './transformers-folders.ts';
import { loadAs, type PartOptions, type Role } from './transformers-model.ts';

/** A model of texts and one of pictures in one space. */
interface Towers {
  /** Reads texts; of a model in one file the same as `vision`. */
  readonly text: PreTrainedModel;
  readonly vision: PreTrainedModel;
  /** Whether one file reads both, and wants both whatever is asked of it. */
  readonly joint: boolean;
  readonly processor: ImageProcessor;
  /** `clip`, `siglip`, `chinese_clip`, `jina_clip`. */
  readonly type: string;
}

export interface LoadedTowers extends Towers {
  readonly tokenizer: PreTrainedTokenizer;
  readonly revision: string;
}

type LoadModel = Pick<typeof AutoModel, 'from_pretrained'>;

/** The towers by `model_type` of config.json. */
const TOWERS: Readonly<Record<string, { readonly text: LoadModel; readonly vision: LoadModel }>> = {
  clip: { text: CLIPTextModelWithProjection, vision: CLIPVisionModelWithProjection },
  siglip: { text: SiglipTextModel, vision: SiglipVisionModel },
  jina_clip: { text: JinaCLIPTextModel, vision: JinaCLIPVisionModel },
};
/** Models that exist, or exist too, as one file of both towers. */
const JOINT: Readonly<Record<string, LoadModel>> = { chinese_clip: AutoModel, jina_clip: JinaCLIPModel };

const ROLE: Role<Towers> = {
  noun: 'image encoder',
  code: 'IMAGE_ENCODER',
  remote: 'remote',
  graphs: ['text_model', 'vision_model', 'model'],
  settings: ['preprocessor_config.json'],
  load: loadTowers,
};

/**
 * Loads both towers of a model, from where `loadTransformersModel` looks.
 *
 * @throws CemError `IMAGE_ENCODER_NOT_FOUND`, `IMAGE_ENCODER_UNAVAILABLE`
 */
export function loadTransformersTowers(files: TransformersFiles, models?: string): Promise<LoadedTowers> {
  return loadAs(ROLE, { ...files, part: 'towers' }, models);
}

async function loadTowers(source: string, options: PartOptions): Promise<Towers> {
  const { dtype: _dtype, ...files } = options;
  const { model_type: type } = (await AutoConfig.from_pretrained(source, files)) as { model_type: string };
  const processor = await AutoImageProcessor.from_pretrained(source, files);
  const towers = TOWERS[type];
  const joint = JOINT[type];
  if (towers === undefined && joint === undefined) {
    throw new CemError(
      'IMAGE_ENCODER_UNAVAILABLE',
      `its config.json says model_type ${type}; known are ${[...new Set([...Object.keys(TOWERS), ...Object.keys(JOINT)])].join(', ')}`,
      { details: { type } },
    );
  }
  if (towers !== undefined) {
    try {
      const text = await towers.text.from_pretrained(source, options);
      const vision = await towers.vision.from_pretrained(source, options).catch(async (error: unknown) => {
        await text.dispose();
        throw error;
      });
      return { text, vision, joint: false, processor, type };
    } catch (error) {
      if (joint === undefined) throw error;
    }
  }
  const both = await joint!.from_pretrained(source, options);
  return { text: both, vision: both, joint: true, processor, type };
}
