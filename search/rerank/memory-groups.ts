import type { VectorGroup } from '../../encoders/index.ts';
import type { GroupKey, GroupSource } from './field-retriever.ts';

/** Groups in this process's memory: for evaluations, and for those who keep no store. */
export class MemoryGroups implements GroupSource {
  readonly #groups = new Map<string, VectorGroup>();

  set(key: GroupKey, group: VectorGroup): void {
    this.#groups.set(nameOf(key), group);
  }

  async groupsOf(keys: readonly GroupKey[]): Promise<readonly (VectorGroup | undefined)[]> {
    return keys.map((key) => this.#groups.get(nameOf(key)));
  }
}

const nameOf = ({ document, chunk, passage }: GroupKey): string => `${chunk} ${passage} ${document}`;
