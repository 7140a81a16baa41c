/** Models that read texts in pictures (OCR), from a package of PyPI. */
export { type FetchedOcr, type FetchOcrOptions, fetchOcr } from './fetch-ocr.ts';
