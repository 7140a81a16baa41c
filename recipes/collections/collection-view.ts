import type { SegmentedCorpus } from '../../data/index.ts';
import { type CollectionSources, type CollectionState, rulesOf, type SourceFileEntry } from '../../rag/index.ts';
import type { SelfQueryRule } from '../../search/index.ts';

export interface CollectionViewParts {
  /** What a shared collection's state is told by from others; undefined of one that is not shared, or is empty. */
  readonly token: string | undefined;
  /** Undefined as long as nothing ever was in the collection. */
  readonly state: CollectionState | undefined;
  readonly corpus: SegmentedCorpus | undefined;
  readonly sources: CollectionSources;
  /** Changes so far. */
  readonly version: number;
  /** When the last of them was; undefined where none is logged. */
  readonly at: string | undefined;
}

/** A collection in one state. It can be read for as long as somebody does, whatever takes its place meanwhile; then its files are closed. */
export class CollectionView {
  readonly parts: CollectionViewParts;
  readonly byPath: ReadonlyMap<string, SourceFileEntry>;
  #byDocument: Map<string, { readonly entry: SourceFileEntry; readonly units: number }> | undefined;
  #rules: readonly SelfQueryRule[] | undefined;
  #readers = 0;
  #retired: (() => void) | undefined;

  constructor(parts: CollectionViewParts) {
    this.parts = parts;
    this.byPath = new Map(parts.sources.files.map((entry) => [entry.path, entry]));
  }

  /** What the file of a document is, and how many units the document has. */
  document(id: string): { readonly entry: SourceFileEntry; readonly units: number } | undefined {
    if (this.#byDocument === undefined) {
      this.#byDocument = new Map();
      for (const entry of this.parts.sources.files)
        for (const [document, units] of entry.documents) this.#byDocument.set(document, { entry, units });
    }
    return this.#byDocument.get(id);
  }

  /** Files' documents. */
  get documents(): number {
    return this.parts.sources.files.reduce((sum, { documents }) => sum + documents.length, 0);
  }

  /** How queries cite the collection's laws. */
  get rules(): readonly SelfQueryRule[] {
    this.#rules ??= rulesOf(this.parts.sources);
    return this.#rules;
  }

  /** @returns to be called when what is read from the view has been read */
  enter(): () => void {
    this.#readers++;
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      this.#readers--;
      if (this.#readers === 0) this.#retired?.();
    };
  }

  /** Closes the files when nobody reads them any more; nobody may enter from now on. */
  async retire(): Promise<void> {
    if (this.#readers > 0) {
      await new Promise<void>((resolve) => {
        this.#retired = resolve;
      });
    }
    await this.parts.corpus?.close();
  }
}
