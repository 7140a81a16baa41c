import { CemError, isCemError, messageOf } from '../../base/index.ts';
import type { ParsedDocument, Parser, ParserTools, SourceFile } from './parser.ts';

export type ReadFile = (file: SourceFile, tools: ParserTools) => Promise<readonly ParsedDocument[]> | readonly ParsedDocument[];

export interface ParserDefinition extends Omit<Parser, 'parse' | 'recognise' | 'load'> {
  /** `Parser.recognise`; without it the format goes by extensions. */
  readonly recognise?: Parser['recognise'];
  /** Loads what reads the format, with its libraries: `() => import('./read-html.ts').then(({ readHtml }) => readHtml)`. */
  readonly load: () => Promise<ReadFile>;
}

/** A parser whose libraries are loaded with the first file, and whose every failure is an error of ours: `PARSE_<FORMAT>` for what a library throws. */
export function defineParser({ load, recognise = () => 0, ...rest }: ParserDefinition): Parser {
  const code = `PARSE_${rest.format.toUpperCase().replaceAll('-', '_')}`;
  return {
    ...rest,
    recognise,
    async load() {
      await load();
    },
    async parse(file, tools = {}) {
      const read = await load();
      try {
        return await read(file, tools);
      } catch (cause) {
        if (isCemError(cause)) throw cause;
        const details = { path: file.path, format: rest.format };
        throw new CemError(
          code,
          `${file.path} cannot be read as ${rest.format} (${messageOf(cause)}): it is damaged or something else; mend it, take it out, or say its format`,
          {
            details,
            cause,
          },
        );
      }
    },
  };
}
