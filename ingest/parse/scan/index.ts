/** Texts of pictures (OCR), of documents of every format. */
export { withPictureTexts } from './picture-texts.ts';
