/** Texts in pictures (OCR): lines are found, the picture is turned upright, each line is read. Models are optional, and not of the package. */
export { missingRecognitionFiles, RECOGNITION_FILES, RECOGNITION_NAME } from './model-files.ts';
export type { Pixels } from './pixels.ts';
export { wordsOfLines } from './reading-order.ts';
export { ruledLines } from './ruled-lines.ts';
export { type RecognisedLine, type RecognisedPicture, TextRecogniser } from './text-recogniser.ts';
