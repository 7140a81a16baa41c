/** What a reader sees of an HTML page. */
export interface HtmlText {
  /** Of the `title` element; empty without one. */
  readonly title: string;
  readonly text: string;
}

/** Elements whose content is not shown. */
const HIDDEN = new Set(['head', 'script', 'style', 'template', 'noscript', 'svg', 'iframe', 'object']);

/** Elements in which the browser looks for nothing but their own end tag. */
const RAW_TEXT = new Set(['script', 'style', 'title', 'textarea', 'noscript', 'iframe']);

/** Elements that begin and end on a line of their own. */
const BLOCKS = new Set(
  (
    'address article aside blockquote body br caption dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 header hr html legend li main nav ' +
    'ol option p pre section summary table tbody td tfoot th thead title tr ul'
  ).split(' '),
);

/** HTML 4's names of U+00A0 to U+00FF, in order (its "Latin-1" set). */
const LATIN_NAMES = (
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 ' +
  'frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times ' +
  'Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ' +
  'ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml'
).split(' ');

/** The other names of HTML 4 that occur in prose: markup, punctuation, arrows, mathematics, Greek. */
const OTHER_NAMES =
  'amp=& lt=< gt=> quot=" apos=\' OElig=Œ oelig=œ Scaron=Š scaron=š Yuml=Ÿ fnof=ƒ circ=ˆ tilde=˜ ensp=\u2002 emsp=\u2003 thinsp=\u2009 zwnj=\u200c zwj=\u200d ndash=– mdash=— ' +
  'lsquo=‘ rsquo=’ sbquo=‚ ldquo=“ rdquo=” bdquo=„ dagger=† Dagger=‡ bull=• hellip=… permil=‰ prime=′ Prime=″ lsaquo=‹ rsaquo=› oline=‾ frasl=⁄ euro=€ trade=™ larr=← uarr=↑ ' +
  'rarr=→ darr=↓ harr=↔ lArr=⇐ rArr=⇒ hArr=⇔ forall=∀ part=∂ exist=∃ empty=∅ nabla=∇ isin=∈ notin=∉ prod=∏ sum=∑ minus=− radic=√ infin=∞ cap=∩ cup=∪ int=∫ sim=∼ asymp=≈ ne=≠ ' +
  'equiv=≡ le=≤ ge=≥ sub=⊂ sup=⊃ sube=⊆ supe=⊇ Alpha=Α Beta=Β Gamma=Γ Delta=Δ Theta=Θ Lambda=Λ Pi=Π Sigma=Σ Phi=Φ Psi=Ψ Omega=Ω alpha=α beta=β gamma=γ delta=δ epsilon=ε zeta=ζ ' +
  'eta=η theta=θ iota=ι kappa=κ lambda=λ mu=μ nu=ν xi=ξ pi=π rho=ρ sigma=σ tau=τ upsilon=υ phi=φ chi=χ psi=ψ omega=ω check=✓';

const CHARACTERS = new Map<string, string>([
  ...LATIN_NAMES.map((name, index): [string, string] => [name, String.fromCharCode(0xa0 + index)]),
  ...OTHER_NAMES.split(' ').map((pair): [string, string] => [
    pair.slice(0, pair.indexOf('=')),
    pair.slice(pair.indexOf('=') + 1),
  ]),
]);

/** A comment, character data, a declaration, or a tag with its quoted attribute values (a quotation that never ends, ends with the tag). */
const MARKUP =
  /<!--[\s\S]*?(?:-->|$)|<!\[CDATA\[([\s\S]*?)(?:\]\]>|$)|<[!?][^>]*(?:>|$)|<(\/?)([a-zA-Z][^\s/>]*)(?:"[^"]*"|'[^']*'|[^>"'])*(?:>|$|["'][^>]*(?:>|$))/g;

/**
 * The visible text of a page: tags, comments, scripts and styles go, blocks begin on new lines, white space is one space (in `pre` it stays), character
 * references are resolved (numeric ones and HTML 4's names; an unknown name stays as written).
 */
export function htmlText(html: string): HtmlText {
  let title = '';
  let text = '';
  const hidden: string[] = [];
  let preformatted = 0;
  let afterSpace = true;
  const add = (raw: string): void => {
    if (hidden.length > 0 || raw === '') return;
    let shown = raw;
    if (preformatted === 0) {
      shown = raw.replace(/[ \t\r\n\f]+/g, ' ');
      if (afterSpace) shown = shown.trimStart();
    }
    if (shown === '') return;
    afterSpace = /\s/.test(shown.at(-1) ?? '');
    text += decodeReferences(shown);
  };
  const markup = new RegExp(MARKUP);
  let position = 0;
  for (let match = markup.exec(html); match !== null; match = markup.exec(html)) {
    add(html.slice(position, match.index));
    position = markup.lastIndex;
    const [, characterData, slash, rawName] = match;
    if (characterData !== undefined) add(characterData);
    if (rawName === undefined) continue;
    const name = rawName.toLowerCase();
    const opens = slash === '';
    if (opens && RAW_TEXT.has(name)) {
      const end = endOfRawText(html, position, name);
      const content = html.slice(position, end);
      if (name === 'title' && title === '') title = decodeReferences(content).replace(/\s+/g, ' ').trim();
      if (name === 'textarea') add(content);
      position = end;
      markup.lastIndex = end;
    }
    if (HIDDEN.has(name)) {
      if (opens) hidden.push(name);
      else if (hidden.includes(name)) hidden.length = hidden.lastIndexOf(name);
    }
    if (name === 'body') hidden.length = 0;
    if (name === 'pre') preformatted = Math.max(0, preformatted + (opens ? 1 : -1));
    if (BLOCKS.has(name) && hidden.length === 0) {
      text += '\n';
      afterSpace = true;
    }
  }
  add(html.slice(position));
  return { title, text: tidy(text) };
}

function endOfRawText(html: string, start: number, name: string): number {
  const pattern = new RegExp(`</${name}[\\s/>]`, 'gi');
  pattern.lastIndex = start;
  return pattern.exec(html)?.index ?? html.length;
}

function decodeReferences(text: string): string {
  return text.replace(
    /&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z][a-zA-Z0-9]{1,31}));?/g,
    (whole, decimal?: string, hexadecimal?: string, name?: string) => {
      if (name !== undefined) return CHARACTERS.get(name) ?? whole;
      const code = decimal === undefined ? Number.parseInt(hexadecimal ?? '', 16) : Number(decimal);
      const valid = code > 0 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
      return valid ? String.fromCodePoint(code) : '\ufffd';
    },
  );
}

function tidy(text: string): string {
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
