/** HTML pages, whole or as parts of other formats: the tree without what is hidden or surrounds the content, as blocks. */
export { attribute, type Element, elementsWithin, isElement, isHidden, textWithin } from './elements.ts';
export { writeHtmlBlocks } from './html-blocks.ts';
export { bodyOf } from './main-content.ts';
export { pageDocument } from './read-html.ts';
