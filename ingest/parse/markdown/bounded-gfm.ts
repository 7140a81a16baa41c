import { gfm } from 'micromark-extension-gfm';

type Extension = ReturnType<typeof gfm>;
type Constructs = NonNullable<Extension['text']>[number];
type Construct = Extract<Constructs, { tokenize: unknown }>;

/** `]` (U+005D), at which a footnote's call may end. */
const RIGHT_BRACKET = 0x5d;

/** Characters of a label, at most: CommonMark 0.31.2, 4.7 "Link reference definitions". micromark holds footnotes to it, too. */
const LABEL_CHARACTERS = 999;

/**
 * GitHub's Markdown, as micromark's extension has it, without the square of time that a run of `]` takes there. At each `]` it goes back over all that the paragraph has given until it
 * finds the start of an image's label, of which it makes a footnote's call with a `!` before it (`![^1]`). Here it does so only where there is such a start which this very `]` ends, and no
 * farther back than a label is long; anything else is no call there either, since a footnote's label has no bracket in it.
 */
export function boundedGfm(): Extension {
  const extension = gfm();
  const atBracket = extension.text?.[RIGHT_BRACKET];
  if (atBracket === undefined) return extension;
  const bounded = [atBracket]
    .flat()
    .map((construct) => (construct.name === 'gfmPotentialFootnoteCall' ? boundedCall(construct) : construct));
  return { ...extension, text: { ...extension.text, [RIGHT_BRACKET]: bounded } };
}

function boundedCall(construct: Construct): Construct {
  return {
    ...construct,
    tokenize(effects, ok, nok) {
      // The end of a link's or image's label, which is tried before this, has taken what other `]` end off these.
      const start = this._labelStarts?.at(-1);
      // The label's `^` stands before the characters that count.
      const possible = start?.type === 'labelImage' && this.now().offset - start.end.offset <= LABEL_CHARACTERS + 1;
      return possible ? construct.tokenize.call(this, effects, ok, nok) : nok;
    },
  };
}
