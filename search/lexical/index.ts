/** Search by words: BM25 and its tokenizer. */
export { Bm25Retriever, wholeDocuments } from './bm25.ts';
