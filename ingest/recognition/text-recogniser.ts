import { join } from 'node:path';
import { CemError } from '../../base/index.ts';
import type { Rectangle } from './least-rectangle.ts';
import { detectLines } from './line-detector.ts';
import { type ReadText, readLines } from './line-reader.ts';
import { missingRecognitionFiles, RECOGNITION_FILES } from './model-files.ts';
import { loadNetwork, type Network, type NetworkOptions } from './network.ts';
import { onnxMetadata } from './onnx-metadata.ts';
import { turnOf } from './page-turn.ts';
import { type Pixels, type Quarters, turnPixels } from './pixels.ts';

/** A line of text in a picture. */
export interface RecognisedLine {
  readonly text: string;
  /** Mean probability of its characters, 0 to 1. */
  readonly confidence: number;
  /** Where the middle of each UTF-16 unit of the text stands: parts of the line's width. */
  readonly places: readonly number[];
  /** Pixels of the upright picture. */
  readonly region: Rectangle;
}

/** What stands in a picture. */
export interface RecognisedPicture {
  /** By how much the picture was turned, clockwise, before it was read. */
  readonly turn: Quarters;
  /** The picture, upright. */
  readonly upright: Pixels;
  /** In no order. */
  readonly lines: readonly RecognisedLine[];
}

/** Lines that are less certain are no text. */
const LEAST_CONFIDENCE = 0.5;

interface Networks {
  readonly detector: Network;
  readonly reader: Network;
  readonly direction: Network;
}

/** Reads texts in pictures (OCR): finds lines, turns the picture upright, reads each line. */
export class TextRecogniser implements AsyncDisposable {
  readonly #networks: Networks;
  readonly #characters: readonly string[];

  private constructor(networks: Networks, characters: readonly string[]) {
    this.#networks = networks;
    this.#characters = characters;
  }

  /**
   * @param folder that has `RECOGNITION_FILES`
   * @throws CemError `OCR_MODELS_MISSING`, `OCR_MODEL`, `OCR_RUNTIME_MISSING`
   */
  static async create(folder: string, options: NetworkOptions = {}): Promise<TextRecogniser> {
    const missing = missingRecognitionFiles(folder);
    if (missing.length > 0) {
      throw new CemError('OCR_MODELS_MISSING', `${folder} lacks ${missing.join(', ')}: fetch them with cem fetch-ocr`, {
        details: { folder, missing },
      });
    }
    const pathOf = (file: keyof typeof RECOGNITION_FILES): string => join(folder, RECOGNITION_FILES[file].name);
    const characters = (await onnxMetadata(pathOf('reader'))).get('character')?.split('\n');
    if (characters === undefined) {
      throw new CemError(
        'OCR_MODEL',
        `${pathOf('reader')} does not say which characters it reads: fetch it again, with cem fetch-ocr`,
        {
          details: { path: pathOf('reader') },
        },
      );
    }
    const networks: Networks = {
      detector: await loadNetwork(pathOf('detector'), options),
      reader: await loadNetwork(pathOf('reader'), options),
      direction: await loadNetwork(pathOf('direction'), options),
    };
    // The last class is the space.
    return new TextRecogniser(networks, [...characters, ' ']);
  }

  /** Reads a picture. Its size bounds time and memory: it is seen with at most 2,048 pixels of a side, and at most 1,000 lines are read. */
  async recognise(picture: Pixels): Promise<RecognisedPicture> {
    const { detector, reader, direction } = this.#networks;
    let regions = await detectLines(detector, picture);
    const turn = await turnOf(direction, picture, regions);
    const upright = turnPixels(picture, turn);
    if (turn !== 0) regions = await detectLines(detector, upright);
    const texts = await readLines(reader, this.#characters, upright, regions);
    return { turn, upright, lines: texts.flatMap((text, index) => lineOf(text, regions[index]!)) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const network of Object.values(this.#networks) as Network[]) await network.dispose();
  }
}

function lineOf({ text, confidence, places }: ReadText, region: Rectangle): RecognisedLine[] {
  if (text.trim() === '' || confidence < LEAST_CONFIDENCE) return [];
  return [{ text, confidence, places, region }];
}
