/** A text of a source. */
export interface SourceText {
  /**
   * `prose` is cut into passages; a `passage` is one as it stands; a `definition` is a short text of its own: what a word means, in the form `word: meaning`; a `name` is a word or a
   * term of several.
   */
  readonly kind: 'prose' | 'passage' | 'definition' | 'name';
  readonly text: string;
}
