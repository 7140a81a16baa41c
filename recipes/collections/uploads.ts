import { CemError } from '../../base/index.ts';
import type { SourceRoot } from '../../rag/index.ts';

const UPLOADS = 'uploads';
const LONGEST_SOURCE = 1_024;

/** What is put by programs has a root of its own in the list of sources, one without a path. */
export class Uploads {
  readonly root: string;

  /** @param roots of a collection; where none is without a path, the first name that is free is that of one to come */
  constructor(roots: readonly SourceRoot[]) {
    this.root = roots.find(({ path }) => path === undefined)?.name ?? freeName(roots);
  }

  /** The list of roots with this one. */
  within(roots: readonly SourceRoot[]): readonly SourceRoot[] {
    return roots.some(({ name }) => name === this.root) ? roots : [...roots, { name: this.root }];
  }

  /** Where what is put under a source stands in the list. */
  pathOf(source: string): string {
    return `${this.root}/${source}`;
  }

  /** What it was put under; of a file its path. */
  sourceOf(path: string): string {
    return path.startsWith(`${this.root}/`) ? path.slice(this.root.length + 1) : path;
  }
}

function freeName(roots: readonly SourceRoot[]): string {
  const taken = new Set(roots.map(({ name }) => name));
  for (let number = 1; ; number++) {
    const name = number === 1 ? UPLOADS : `${UPLOADS}-${number}`;
    if (!taken.has(name)) return name;
  }
}

/** @throws CemError `DOCUMENT_SOURCE` */
export function checkSource(source: string): void {
  const wrong =
    source.trim() === ''
      ? 'is empty'
      : source.length > LONGEST_SOURCE
        ? `has ${source.length} characters, and may have ${LONGEST_SOURCE}`
        : /\p{Cc}/u.test(source)
          ? 'has a control character'
          : /\p{Cs}/u.test(source)
            ? 'is no well-formed Unicode'
            : undefined;
  if (wrong === undefined) return;
  const shown = JSON.stringify(source.slice(0, LONGEST_SOURCE));
  throw new CemError(
    'DOCUMENT_SOURCE',
    `the source ${shown} ${wrong}: call the document by a path, a URL or another line of text`,
    {
      details: { source: source.slice(0, LONGEST_SOURCE) },
    },
  );
}
