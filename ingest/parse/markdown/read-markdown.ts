import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { frontmatter } from 'micromark-extension-frontmatter';
import { detectText, frontMatterNode, markdownMetadata } from '../../../data/index.ts';
import { onlyOutermostHeading } from '../document-title.ts';
import type { ParsedDocument, SourceFile } from '../parser.ts';
import { BlockPictures, pageSource } from '../picture/index.ts';
import { boundedGfm } from './bounded-gfm.ts';
import { markdownBlocks } from './markdown-blocks.ts';

export async function readMarkdown({ bytes, path }: SourceFile): Promise<readonly ParsedDocument[]> {
  const { text, warning } = detectText(bytes, path);
  const tree = fromMarkdown(text, {
    extensions: [frontmatter(['yaml', 'toml']), boundedGfm()],
    mdastExtensions: [frontMatterNode, gfmFromMarkdown()],
  });
  const blocks = await new BlockPictures().read(markdownBlocks(tree, text, path), pageSource);
  const { title, language, fields } = frontMatterOf(text);
  const name = title ?? onlyOutermostHeading(blocks);
  return [
    {
      ...(name !== undefined && { title: name }),
      ...(language !== undefined && { language }),
      ...(fields !== undefined && { fields }),
      ...(warning !== undefined && { warnings: [warning] }),
      blocks,
    },
  ];
}

/** What front matter says; of a file without one nothing, not its first heading. */
function frontMatterOf(text: string): ReturnType<typeof markdownMetadata> {
  const matter = /^---[ \t]*\r?\n[\s\S]*?^(?:---|\.\.\.)[ \t]*\r?$/m.exec(text.slice(0, 70_000));
  return matter?.index === 0 ? markdownMetadata(matter[0]) : {};
}
