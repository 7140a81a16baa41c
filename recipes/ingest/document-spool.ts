import { type FileHandle, open } from 'node:fs/promises';
import { CemError, messageOf } from '../../base/index.ts';
import { type Document, readLines } from '../../data/index.ts';

/** Characters that are written at once. */
const BUFFER = 1 << 20;

/** Documents in a file, for as long as they are packed, which reads them twice. */
export class DocumentSpool implements AsyncDisposable {
  readonly #path: string;
  readonly #file: FileHandle;
  #buffered: string[] = [];
  #length = 0;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<DocumentSpool> {
    return new DocumentSpool(path, await open(path, 'w'));
  }

  async add(documents: readonly Document[]): Promise<void> {
    for (const document of documents) {
      const line = `${JSON.stringify(document)}\n`;
      this.#buffered.push(line);
      this.#length += line.length;
    }
    if (this.#length >= BUFFER) await this.#flush();
  }

  /** What was added; nothing is added any more. */
  async finish(): Promise<() => AsyncIterable<Document>> {
    await this.#flush();
    const path = this.#path;
    return async function* () {
      for await (const { text } of readLines(path)) yield JSON.parse(text) as Document;
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #flush(): Promise<void> {
    const text = this.#buffered.join('');
    this.#buffered = [];
    this.#length = 0;
    await this.#file.writeFile(text).catch((cause: unknown) => {
      const path = this.#path;
      throw new CemError('FILE_WRITE', `cannot put texts aside in ${path}: ${messageOf(cause)}; make room there`, {
        details: { path },
        cause,
      });
    });
  }
}
