import { once } from 'node:events';
import multipart from '@fastify/multipart';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { registerSite } from '../../../../server/web/site/register-site.ts';
import { type FakeEvent, fakeAnswer, fakeResult } from './fake-answers.ts';
import { FAKE_DOCUMENTS, type FakeDocument, MARKUP } from './fake-texts.ts';

interface PutDocument {
  readonly source: string;
  readonly content_base64: string;
}

/** A server that speaks as ours does, with a few documents and answers that are known beforehand. */
export class FakeApi {
  readonly server: FastifyInstance = Fastify();
  /** Bodies of what was asked, the last one last. */
  readonly asked: Record<string, unknown>[] = [];
  /** Sources and contents that were sent. */
  readonly put: { source: string; content: string; labels?: unknown }[] = [];
  readonly collections = new Map<string, FakeDocument[]>([
    ['handbook', [...FAKE_DOCUMENTS]],
    ['many', Array.from({ length: 120 }, (_, i) => manyDocument(i))],
  ]);
  /** Every request needs it. */
  key: string | undefined;
  /** Where it is set, jobs and answers stop in their midst until it is resolved. */
  gate: Promise<void> | undefined;
  /** Where it is set, the list of collections comes when it is resolved. */
  listGate: Promise<void> | undefined;

  static async listen(): Promise<FakeApi & { address: string }> {
    const fake = new FakeApi();
    await fake.#register();
    const address = await fake.server.listen({ host: '127.0.0.1', port: 0 });
    return Object.assign(fake, { address });
  }

  async #register(): Promise<void> {
    const { server } = this;
    await server.register(multipart);
    registerSite(server);
    server.addHook('preHandler', async (request, reply) => {
      if (!request.url.startsWith('/v1/') || this.key === undefined) return;
      if (request.headers.authorization === `Bearer ${this.key}`) return;
      await refuse(reply, 401, 'KEY_NEEDED', 'the server wants a key');
    });
    server.get('/v1/collections', async () => {
      await this.listGate;
      return { collections: [...this.collections.keys()].map((name) => this.#describe(name)) };
    });
    server.post('/v1/collections', (request, reply) => {
      const { name } = request.body as { name: string };
      if (this.collections.has(name)) return refuse(reply, 400, 'COLLECTION_EXISTS', `there is a collection ${name} already`);
      this.collections.set(name, []);
      return this.#describe(name);
    });
    server.get<{ Params: { name: string } }>('/v1/collections/:name', ({ params }) => this.#describe(params.name));
    server.delete<{ Params: { name: string } }>('/v1/collections/:name', ({ params }) => {
      this.collections.delete(params.name);
      return { name: params.name, deleted: true };
    });
    server.get('/v1/collections/:name/changes', () => ({
      changes: [
        { version: 2, at: '2026-11-29T10:15:00Z', put: [`notes/${MARKUP}.md`], removed: ['guide/old.md'] },
        { version: 1, at: '2026-11-28T09:00:00Z', put: FAKE_DOCUMENTS.map(({ source }) => source), removed: [] },
      ],
    }));
    this.#registerDocuments();
    this.#registerQuestions();
  }

  #registerDocuments(): void {
    const { server } = this;
    type Named = { Params: { name: string; id: string }; Querystring: { after?: string; limit?: string; source?: string } };
    server.get<Named>('/v1/collections/:name/documents', ({ params, query }) => {
      const all = this.#documents(params.name).filter(({ source }) => source.startsWith(query.source ?? ''));
      const from = query.after === undefined ? 0 : all.findIndex(({ id }) => id === query.after) + 1;
      const documents = all.slice(from, from + Number(query.limit)).map(summaryOf);
      const more = from + documents.length < all.length;
      return { documents, ...(more && { next: documents.at(-1)!.id }) };
    });
    server.get<Named>('/v1/collections/:name/documents/:id', ({ params }) => {
      const document = this.#documents(params.name).find(({ id }) => id === params.id)!;
      return { ...summaryOf(document), texts: document.texts.map((_, n) => unitOf(document, n)) };
    });
    server.delete<Named>('/v1/collections/:name/documents/:id', ({ params }) => {
      const documents = this.#documents(params.name);
      documents.splice(
        documents.findIndex(({ id }) => id === params.id),
        1,
      );
      return { version: 3, at: '2026-11-29T10:20:00Z', put: [], removed: 1 };
    });
    server.get<Named>('/v1/collections/:name/units/:id', ({ params }) => {
      const [, documentId, n] = /^(.*)-(\d+)$/.exec(params.id)!;
      return unitOf(FAKE_DOCUMENTS.find(({ id }) => id === documentId)!, Number(n));
    });
    server.post<Named>('/v1/collections/:name/documents', async (request, reply) => {
      const before = this.put.length;
      if (request.isMultipart()) {
        const labels: unknown[] = [];
        for await (const part of request.parts()) {
          if (part.type === 'file') this.put.push({ source: part.filename, content: String(await part.toBuffer()), labels });
          else labels.push(part.value);
        }
      } else {
        for (const { source, content_base64 } of (request.body as { documents: PutDocument[] }).documents)
          this.put.push({ source, content: Buffer.from(content_base64, 'base64').toString() });
      }
      const job = `${before}-${this.put.length}-${request.params.name}`;
      return reply.status(202).send({ job: { id: job, state: 'queued', progress: { done: 0, total: 0 } } });
    });
    server.get<{ Params: { id: string } }>('/v1/jobs/:id/events', ({ params }, reply) =>
      this.#sendEvents(reply, this.#jobEvents(params.id)),
    );
  }

  async *#jobEvents(id: string): AsyncGenerator<FakeEvent> {
    const [, from, to, name] = /^(\d+)-(\d+)-(.*)$/.exec(id)!;
    const files = this.put.slice(Number(from), Number(to));
    yield { event: 'progress', data: { id, state: 'running', progress: { done: 1, total: files.length, stage: 'parse' } } };
    await this.gate;
    const put = files.map(({ source, content }, i) => {
      if (content.includes('broken'))
        return { source, documents: [], units: 0, problem: { code: 'PARSE', message: `${source} cannot be read` } };
      const document = { id: `n${from}${i}`, source, language: 'en', texts: [{ text: content }] };
      this.#documents(name!).unshift(document);
      return { source, documents: [document.id], units: 1 };
    });
    yield { event: 'done', data: { id, state: 'done', result: { version: 3, at: '2026-11-29T10:20:00Z', put, removed: 0 } } };
  }

  #registerQuestions(): void {
    const { server } = this;
    server.post('/v1/search', (request, reply) => {
      const body = request.body as { query: string; collection: string };
      this.asked.push(body);
      if (body.query === 'refused') return refuse(reply, 400, 'SEARCH_REQUEST', `query: ${MARKUP}`);
      const there = new Set(this.#documents(body.collection).map(({ id }) => id));
      const found = [fakeResult('d1', 12, 0), fakeResult('d2', 0, 1), fakeResult('d4', 0, 2)];
      const results = body.query === 'nothing' ? [] : found.filter(({ document }) => there.has(document as string));
      return { results, took_ms: 12.4, ...(results.length === 0 && { note: 'the query has no word that is known' }) };
    });
    server.post('/v1/answers', (request, reply) => {
      const body = request.body as { question: string };
      this.asked.push(body);
      return this.#sendEvents(reply, this.#answerEvents(body.question));
    });
  }

  async *#answerEvents(question: string): AsyncGenerator<FakeEvent> {
    for (const [i, event] of fakeAnswer(question).entries()) {
      if (i === 20) {
        await this.gate;
        if (question.includes('fail')) {
          yield { event: 'error', data: { error: { code: 'CHAT_FAILED', message: `the model is gone ${MARKUP}` } } };
          return;
        }
      }
      yield event;
    }
  }

  async #sendEvents(reply: FastifyReply, events: AsyncIterable<FakeEvent>): Promise<void> {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
    raw.write(': hello\n\n');
    for await (const { event, data } of events) {
      if (raw.destroyed) return;
      if (!raw.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)) await once(raw, 'drain');
    }
    raw.end();
  }

  #describe(name: string): object {
    const documents = this.#documents(name);
    const units = documents.reduce((sum, { texts }) => sum + texts.length, 0);
    const figures = { documents: documents.length, units, passages: units * 3, bytes: 48_200 + 31_700 * units };
    return { name, ...figures, retrievers: 'hybrid', checkpoint: 'c0ffee', teacher: 'bge-small-en-v1.5', version: 2 };
  }

  #documents(name: string): FakeDocument[] {
    return this.collections.get(name) ?? [];
  }
}

const manyDocument = (i: number): FakeDocument => ({
  id: `m${String(i).padStart(3, '0')}`,
  source: `reports/${String(i).padStart(3, '0')}.txt`,
  language: 'en',
  texts: [{ text: `Report ${i}.` }],
});

function summaryOf({ id, source, title, labels, texts }: FakeDocument) {
  return { id, source, title, labels, units: texts.length };
}

function unitOf({ id, source, title, texts }: FakeDocument, n: number): object {
  return { id: `${id}-${n}`, document: id, source, title, ...texts[n] };
}

function refuse(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  return reply.status(status).send({ error: { code, message } });
}
