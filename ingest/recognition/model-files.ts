import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The models that recognition runs: PP-OCRv6 small, which finds and reads lines of Chinese, English and Japanese, and the classifier of PP-OCR 2.0 that tells whether a line stands on its head.
 * They are those of the PyPI package rapidocr 3.10.0 (Apache-2.0).
 */
export const RECOGNITION_FILES = {
  detector: {
    name: 'PP-OCRv6_det_small.onnx',
    sha256: '090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f',
  },
  reader: {
    name: 'PP-OCRv6_rec_small.onnx',
    sha256: '6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884',
  },
  direction: {
    name: 'ch_ppocr_mobile_v2.0_cls_mobile.onnx',
    sha256: 'e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c',
  },
} as const;

/** What the models are together: part of the name of who parsed a file, which is parsed anew with others. */
export const RECOGNITION_NAME = 'PP-OCRv6-small';

/** Files of the models that a folder lacks. */
export function missingRecognitionFiles(folder: string): string[] {
  return Object.values(RECOGNITION_FILES)
    .map(({ name }) => name)
    .filter((name) => !existsSync(join(folder, name)));
}
