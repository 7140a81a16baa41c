/** LangChain.js: a retriever, a vector store, embeddings and a tool over searchers of ours. Needs the package `@langchain/core`, which nothing else here loads. */
export { CemEmbeddings, type CemEmbeddingsInput, type TextVectorizer } from './cem-embeddings.ts';
export { CemRetriever, type CemRetrieverInput } from './cem-retriever.ts';
export {
  CemVectorStore,
  type CemVectorStoreParts,
  type ReadHit,
  type StoreParts,
  type VectorSearcher,
} from './cem-vector-store.ts';
export { createRagSearchTool, type RagDatabase, type RagSearchToolOptions } from './rag-search-tool.ts';
export { type CemDocumentMetadata, type LangChainSearcher, langChainDocument } from './result-document.ts';
