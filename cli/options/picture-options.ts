import { UsageError } from '../../base/index.ts';
import { IMAGE_ENCODER_GRAMMAR } from '../../recipes/pictures/index.ts';
import { PICTURE_LAYERS, PICTURE_STRATEGIES, type PictureLayer, type PictureStrategy } from '../../search/pictures/index.ts';

/** For searches for the pictures of figures. */
export const pictureOptions = {
  image: { type: 'string', describe: 'search for figures by a picture, a file; with words too, by both' },
  pictures: { type: 'boolean', default: false, describe: 'search for figures by words, in the layers of their pictures' },
  strategy: {
    choices: PICTURE_STRATEGIES,
    describe:
      'of a search for figures: by one vector of picture and description, or by one of each; as the collection was encoded unless given',
  },
  layers: {
    type: 'string',
    describe: `of a search for figures: layers, separated by commas, of fusion ${PICTURE_LAYERS.fusion.join(', ')}, of dual ${PICTURE_LAYERS.dual.join(', ')}; all that the query allows unless given`,
  },
  thresholds: {
    type: 'string',
    describe: 'of a search for figures: least score of a layer, visual=0.2,semantic=0.4',
  },
  'with-texts': {
    type: 'boolean',
    default: false,
    describe:
      'of a search for figures: texts that are found for the words too (for a picture alone, where a tower was trained to the teacher of the collection), fused by rank',
  },
  images: { type: 'string', describe: `of a search for figures: ${IMAGE_ENCODER_GRAMMAR}; the collection's unless given` },
} as const;

export interface PictureOptions {
  readonly image: string | undefined;
  readonly pictures: boolean;
  readonly strategy: PictureStrategy | undefined;
  readonly layers: string | undefined;
  readonly thresholds: string | undefined;
  readonly withTexts?: boolean | undefined;
  readonly images: string | undefined;
}

/** Whether figures are searched for. Throws UsageError `SEARCH_PICTURES` for options that say nothing without. */
export function asksForPictures({ image, pictures, ...others }: PictureOptions): boolean {
  if (image !== undefined || pictures) return true;
  const { strategy, layers, thresholds, withTexts, images } = others;
  if ([strategy, layers, thresholds, images].every((value) => value === undefined) && withTexts !== true) return false;
  throw new UsageError(
    'SEARCH_PICTURES',
    '--strategy, --layers, --thresholds, --with-texts and --images are of a search for figures: give --image FILE or --pictures too',
  );
}

/** @throws UsageError `SEARCH_PICTURES` */
export function parseLayers(text: string | undefined): PictureLayer[] | undefined {
  return text?.split(',').map((name) => layerNamed(name.trim()));
}

/** @throws UsageError `SEARCH_PICTURES` */
export function parseThresholds(text: string | undefined): Partial<Record<PictureLayer, number>> | undefined {
  if (text === undefined) return undefined;
  const entries = text.split(',').map((part) => {
    const [name = '', value = ''] = part.split('=');
    const number = Number(value);
    if (value.trim() === '' || !Number.isFinite(number))
      throw new UsageError('SEARCH_PICTURES', `--thresholds ${text}: write LAYER=NUMBER, several separated by commas`);
    return [layerNamed(name.trim()), number] as const;
  });
  return Object.fromEntries(entries);
}

function layerNamed(name: string): PictureLayer {
  const known = [...new Set<PictureLayer>([...PICTURE_LAYERS.dual, ...PICTURE_LAYERS.fusion])];
  const found = known.find((layer) => layer === name);
  if (found !== undefined) return found;
  throw new UsageError('SEARCH_PICTURES', `there is no layer ${name}; layers are ${known.join(', ')}`);
}
