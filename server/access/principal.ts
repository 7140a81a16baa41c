import type { AccessLabels } from '../collection-service.ts';
import { HttpError } from '../errors.ts';

/** What a key may do, each with all before it: find and read, change documents, make and delete collections. */
export const SCOPES = ['read', 'write', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** Who asks. */
export interface Principal {
  /** Id of its key; absent where no keys are asked for. */
  readonly key?: string;
  readonly name: string;
  readonly scopes: ReadonlySet<Scope>;
  /** Its groups: documents with labels of access are there for it where it has one of them. */
  readonly labels: AccessLabels;
}

/** A scope, and those that it includes. */
export function scopesUpTo(scope: Scope): ReadonlySet<Scope> {
  return new Set(SCOPES.slice(0, SCOPES.indexOf(scope) + 1));
}

/** The user of this machine, where no keys are asked for. */
export const LOCAL_PRINCIPAL: Principal = { name: 'local', scopes: scopesUpTo('admin'), labels: 'everything' };

/** Who asks where nobody is asked for a key: may do nothing that needs one, and sees what has no labels. */
export const NOBODY: Principal = { name: 'nobody', scopes: new Set(), labels: [] };

/** Whether someone may see all documents whatever their labels, so that counts of documents tell nothing new. */
export const seesEverything = ({ labels }: Principal): boolean => labels === 'everything';

/** Who may set any label is told which a document has: those who read it need not know who else does. */
export const seesLabels = ({ scopes }: Principal): boolean => scopes.has('admin');

/**
 * Labels of a document that someone puts: those given, of which a key that is not of the scope admin must have each itself; without any given, its own. So what a key puts is not seen by more than its
 * own groups unless it says so.
 *
 * @returns undefined where nothing is said of them
 * @throws HttpError 403 `LABEL_FORBIDDEN`
 */
export function labelsToSet({ labels: own, scopes }: Principal, given?: readonly string[]): readonly string[] | undefined {
  if (own === 'everything') return given;
  const labels = given ?? own;
  if (!scopes.has('admin')) {
    const foreign = labels.filter((label) => !own.includes(label));
    if (foreign.length > 0)
      throw new HttpError(
        403,
        `a key may set the labels that it has itself; it lacks ${foreign.map((label) => JSON.stringify(label)).join(', ')}`,
        {
          code: 'LABEL_FORBIDDEN',
        },
      );
  }
  return labels;
}
