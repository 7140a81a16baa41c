import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { RandomNumbers } from '../../../../base/random.ts';
import { boundedGfm } from '../../../../ingest/parse/markdown/bounded-gfm.ts';

type Extension = ReturnType<typeof gfm>;

const test = suite('bounded GFM');

const tree = (text: string, ...extensions: readonly Extension[]) =>
  fromMarkdown(text, { extensions: [...extensions], mdastExtensions: [gfmFromMarkdown()] });
const assertSame = (text: string): void => assert.equal(tree(text, boundedGfm()), tree(text, gfm()), JSON.stringify(text));

/** How often a paragraph's events are read while `text` is parsed. */
function eventReads(text: string, extension: Extension): number {
  let reads = 0;
  const watched = new WeakSet<object>();
  const watch: Extension = {
    text: {
      [0x5d]: {
        tokenize(_effects, _ok, nok) {
          if (!watched.has(this.events)) {
            this.events = new Proxy(this.events, {
              get(events, key, receiver) {
                reads += 1;
                return Reflect.get(events, key, receiver) as unknown;
              },
            });
            watched.add(this.events);
          }
          return nok;
        },
      },
    },
  };
  tree(text, extension, watch);
  return reads;
}

test('calls of footnotes behind a `!` are found as before', () => {
  const long = 'a'.repeat(999);
  const definitions = `\n\n[^1]: one\n\n[^${long}]: long\n\n[a]: b`;
  const { children } = tree(`x![^1]${definitions}`, boundedGfm());
  assert.equal(children[0]?.type === 'paragraph' && children[0].children.map(({ type }) => type), ['text', 'footnoteReference']);
  for (const text of [
    '![^1]',
    '![^1]]]]',
    ']]]![^1]',
    '![a [^1] b]',
    '[![^1]](x)',
    '![![^1]](x)',
    '![^1](x)',
    '![^1][a]',
    `![^${long}]`,
    `![^${long}a]`,
    '![^1\\]]',
    '| ![^1] | ] |\n|-|-|',
  ])
    assertSame(`${text}${definitions}`);
});

test('any order of brackets and marks gives the same tree', () => {
  const random = new RandomNumbers(1, 'bounded gfm');
  const pieces = ['!', '[', ']', '![', '![^1]', '[^1]', '^', '1', ' ', '(x)', '\\', '`', '*', '\n'];
  for (let round = 0; round < 300; round++) {
    const length = 1 + random.integer(14);
    assertSame(`${Array.from({ length }, () => pieces[random.integer(pieces.length)]).join('')}\n\n[^1]: one\n`);
  }
});

test('runs of brackets take steps in proportion to their length', () => {
  for (const run of [']', 'a]', '![]'])
    assert.ok(eventReads(run.repeat(800), boundedGfm()) < 2.5 * eventReads(run.repeat(400), boundedGfm()), run);
  // Four times for twice the length is what is avoided.
  assert.ok(eventReads(']'.repeat(800), gfm()) > 3.5 * eventReads(']'.repeat(400), gfm()));
});

test.run();
