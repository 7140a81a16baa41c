import { batches, type OnProgress, UsageError } from '../../base/index.ts';
import type { EncodedGroup, GroupDescription, GroupQuery, TextGroupEncoder } from './group-encoder.ts';
import type { PatchGroupsConfig } from './patch-group.ts';
import type { TokenEncoder, TokenVectors } from './token-encoder.ts';
import type { GroupRole, TokenProjection } from './token-projection.ts';
import type { Vectorizer } from './vectorizer.ts';
import type { WordWeights } from './word-weights.ts';

/** Texts whose token vectors are held at a time. */
const TEXTS_AT_ONCE = 64;

export interface TokenGroupOptions {
  readonly vectorizer: Vectorizer;
  readonly projection?: TokenProjection | undefined;
  readonly words?: WordWeights | undefined;
  /** Whose patches the groups of queries are compared with; absent: with groups of texts. */
  readonly patches?: PatchGroupsConfig | undefined;
}

/** Groups by a token encoder: its vectors, through a projection where there is one, to a vectorizer. */
export class TokenGroupEncoder implements TextGroupEncoder {
  readonly description: GroupDescription;
  readonly #tokens: TokenEncoder;
  readonly #options: TokenGroupOptions;

  /** @throws UsageError `GROUP_PROJECTION` for a projection of vectors of another length, and where patches and tokens of different lengths have none */
  constructor(tokens: TokenEncoder, options: TokenGroupOptions) {
    const { vectorizer, projection, words, patches } = options;
    const keys = patches?.dimension ?? tokens.tokenDimension;
    if ((projection?.keyDimension ?? tokens.tokenDimension) !== keys) {
      throw new UsageError(
        'GROUP_PROJECTION',
        `the vectors of ${patches ? 'patches' : 'tokens'} have ${keys} values, and ${projection ? `the projection ${projection.id} takes ${projection.keyDimension} of passages` : `those of queries' tokens ${tokens.tokenDimension}`}; use a head that was trained on both`,
        { details: { got: keys, wanted: projection?.keyDimension ?? tokens.tokenDimension } },
      );
    }
    if (projection !== undefined && projection.inputDimension !== tokens.tokenDimension) {
      throw new UsageError(
        'GROUP_PROJECTION',
        `the projection ${projection.id} takes vectors of ${projection.inputDimension} values, and ${tokens.description.id} gives ${tokens.tokenDimension}; use the encoder that it was trained on`,
        { details: { got: tokens.tokenDimension, wanted: projection.inputDimension } },
      );
    }
    this.#tokens = tokens;
    this.#options = options;
    this.description = {
      encoder: tokens.description,
      vectorizer: vectorizer.config,
      ...(projection && { projection: { id: projection.id, revision: projection.revision } }),
      ...(patches && { patches }),
      ...(words && { words: words.revision }),
      dimension: projection?.dimension ?? tokens.tokenDimension,
    };
  }

  async encodeQueryGroups(queries: readonly GroupQuery[], signal?: AbortSignal): Promise<EncodedGroup[]> {
    const encode = (texts: readonly string[]): Promise<TokenVectors[]> =>
      this.#tokens.encodeQueryTokens(texts, undefined, signal);
    const own = await encode(queries.map(({ text }) => text));
    const withContext = queries.flatMap(({ context, text }, place) => (context ? [{ place, text: `${context}\n${text}` }] : []));
    const read = own.slice();
    const others = withContext.length === 0 ? [] : await encode(withContext.map(({ text }) => text));
    withContext.forEach(({ place }, index) => {
      read[place] = { ...others[index]!, sentence: own[place]!.sentence };
    });
    return read.map((text) => this.#group(text, 'query'));
  }

  async encodeTextGroups(texts: readonly string[], onProgress?: OnProgress): Promise<EncodedGroup[]> {
    const groups: EncodedGroup[] = [];
    for (const some of batches(texts, TEXTS_AT_ONCE)) {
      for (const text of await this.#tokens.encodeDocumentTokens(some)) groups.push(this.#group(text, 'key'));
      onProgress?.(groups.length, texts.length);
    }
    return groups;
  }

  dispose(): Promise<void> {
    return this.#tokens.dispose();
  }

  #group({ tokens, vectors, dimension, sentence }: TokenVectors, role: GroupRole): EncodedGroup {
    const { vectorizer, projection, words } = this.#options;
    const projected = projection?.project(vectors, tokens.length, role);
    const group = vectorizer.vectorize(
      { tokens, vectors: projected?.vectors ?? vectors, dimension: projection?.dimension ?? dimension },
      { words, tokens: projected?.weights },
    );
    return { group, sentence };
  }
}
