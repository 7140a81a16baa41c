/** LangChain.js: a collection is the retriever of a chain. The model here is a fake one that answers from a list; any chat model of LangChain's goes in its place. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { RunnablePassthrough, RunnableSequence } from '@langchain/core/runnables';
import { FakeListChatModel } from '@langchain/core/utils/testing';
import { ingest, openCollection } from 'cem-rag';
import { CemRetriever } from 'cem-rag/langchain';

const FILES = {
  'canteen.html': '<title>Canteen</title><main><h1>Canteen</h1><p>Lunch is served from half past eleven until two.</p></main>',
  'handbook.md': '# Handbook\n\n## Keys\n\nA lost laptop is reported at once, so that its keys are revoked.\n',
} as const;

const folder = await mkdtemp(join(tmpdir(), 'cem-langchain-'));
const into = join(folder, 'office.collection');
try {
  for (const [name, text] of Object.entries(FILES)) await writeFile(join(folder, name), text);
  await ingest({ paths: Object.keys(FILES).map((name) => join(folder, name)), into });

  await using searcher = await openCollection(into);
  const retriever = new CemRetriever({ searcher, k: 1, units: true });
  const context = retriever.pipe((documents) =>
    documents.map(({ pageContent, metadata }) => `${metadata.source}: ${pageContent}`).join('\n\n'),
  );
  const prompt = ChatPromptTemplate.fromTemplate('Answer from this alone:\n{context}\n\nQuestion: {question}');
  const chain = RunnableSequence.from([
    { context, question: new RunnablePassthrough<string>() },
    prompt,
    (filled) => {
      console.log(filled.toString());
      return filled;
    },
    new FakeListChatModel({ responses: ['Half past eleven, says canteen.html.'] }),
    new StringOutputParser(),
  ]);
  console.log(await chain.invoke('When is lunch served?'));
} finally {
  await rm(folder, { recursive: true });
}
