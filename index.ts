/** The library's main door: containers and the documents in them. Everything else is reached by its folder: `cem-rag/search`, `cem-rag/training`, … */
export * from './data/index.ts';
export * from './zpkg/index.ts';
