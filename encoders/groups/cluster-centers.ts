import { RandomNumbers } from '../../base/index.ts';
import { filterTokens, rowsAt } from './filtered-tokens.ts';
import { kMeans, nearestCenter } from './k-means.ts';
import type { TokenVectors } from './token-encoder.ts';
import { type VectorGroup, vectorGroup } from './vector-group.ts';
import type { Vectorizer, VectorizerConfig } from './vectorizer.ts';

type ClusterCentersConfig = Extract<VectorizerConfig, { strategy: 'cluster_centers_r' }>;

/** Centres of r clusters of the content tokens' normalised vectors. A centre's word is that of the token nearest to it. */
export class ClusterCenters implements Vectorizer {
  readonly config: ClusterCentersConfig;

  constructor(config: ClusterCentersConfig) {
    this.config = config;
  }

  vectorize(text: Omit<TokenVectors, 'sentence'>): VectorGroup {
    const { words, places } = filterTokens(text);
    const { dimension } = text;
    const { data } = vectorGroup(rowsAt(text, places), dimension); // [places, dimension]
    const { centers } = kMeans(data, dimension, this.config.r, new RandomNumbers(this.config.seed, 'group-clusters'));
    const names = Array.from({ length: centers.length / dimension }, (_, center) => {
      const place = places[nearestCenter(centers, center, data, dimension).center]!;
      return words[place]?.word ?? text.tokens[place]!.text;
    });
    return vectorGroup(centers, dimension, names);
  }
}
