import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { CemError, messageOf } from '../../base/index.ts';

/** A model's tokenizer alone, without its weights. */
export interface ModelTokenizer {
  /** The folder's name and a digest of its tokenizer: two with the same name cut texts alike. */
  readonly name: string;
  encode(text: string, options?: { readonly add_special_tokens?: boolean }): number[];
}

/**
 * Opens the tokenizer of a model's folder, as transformers.js reads it. Nothing is fetched.
 *
 * @param folder with tokenizer.json and tokenizer_config.json
 * @throws CemError `TOKENIZER_NOT_FOUND` when the folder has none, or one that cannot be read
 */
export async function openTokenizer(folder: string): Promise<ModelTokenizer> {
  const path = resolve(folder);
  try {
    const hash = createHash('sha256').update(await readFile(join(path, 'tokenizer.json')));
    const { AutoTokenizer } = await import('@huggingface/transformers');
    const tokenizer = await AutoTokenizer.from_pretrained(path, { local_files_only: true });
    return {
      name: `${basename(path)}:${hash.digest('hex').slice(0, 16)}`,
      encode: (text, options) => tokenizer.encode(text, options),
    };
  } catch (cause) {
    throw new CemError(
      'TOKENIZER_NOT_FOUND',
      `no tokenizer can be read in ${path} (${messageOf(cause)}); name a model's folder that holds tokenizer.json and tokenizer_config.json`,
      { details: { folder: path }, cause },
    );
  }
}
