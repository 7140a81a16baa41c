import { optionalPackage } from './optional-package.ts';

const HAN = /\p{Script=Han}/gu;

let loaded: Promise<(text: string) => string> | undefined;

/**
 * Traditional characters to simplified ones by OpenCC's table, each by itself and not by the phrase around it: a character then folds to the same one in every text, so that a query meets
 * the documents that hold it. 乾隆, whose 乾 a phrase would keep, becomes 干隆 on both sides.
 *
 * @throws CemError `SEARCH_ANALYZER_PACKAGE` where opencc-js is not installed
 */
export function traditionalFolder(): Promise<(text: string) => string> {
  loaded ??= optionalPackage('opencc-js', 'foldTraditional', 'foldTraditional: false', loadFolder).catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

async function loadFolder(): Promise<(text: string) => string> {
  const { Converter } = await import('opencc-js/t2cn');
  // Named here: the package's declarations import each other without extensions, which leaves this function without a type.
  const convert: (text: string) => string = Converter({ from: 't', to: 'cn' });
  /** Of characters met so far: at most as many as Unicode has of Han. */
  const known = new Map<string, string>();
  const fold = (character: string): string => {
    let simplified = known.get(character);
    if (simplified === undefined) {
      simplified = convert(character);
      known.set(character, simplified);
    }
    return simplified;
  };
  return (text) => text.replace(HAN, fold);
}
