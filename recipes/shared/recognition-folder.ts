import { join } from 'node:path';
import { UsageError } from '../../base/index.ts';
import { missingRecognitionFiles, RECOGNITION_NAME } from '../../ingest/index.ts';

/** What is named in place of a folder where texts in pictures are not to be read. */
const NONE = 'none';

/**
 * Folder of the models that read texts in pictures (OCR): the one that is named, else CEM_OCR_MODELS, else `PP-OCRv6-small` in the folder of models; undefined where none of these has them.
 *
 * @param models as `modelsFolder` gives it
 * @throws UsageError `OCR_MODELS_MISSING` where a folder is named that lacks them
 */
export function recognitionFolder(named: string | undefined, models: string | undefined): string | undefined {
  if (named === NONE) return undefined;
  const asked = named ?? (process.env['CEM_OCR_MODELS'] || undefined);
  if (asked !== undefined) {
    const missing = missingRecognitionFiles(asked);
    if (missing.length === 0) return asked;
    throw new UsageError(
      'OCR_MODELS_MISSING',
      `${asked} lacks ${missing.join(', ')}: cem fetch-ocr --into ${asked} fetches them`,
      {
        details: { folder: asked, missing },
      },
    );
  }
  const folder = models && join(models, RECOGNITION_NAME);
  return folder && missingRecognitionFiles(folder).length === 0 ? folder : undefined;
}
