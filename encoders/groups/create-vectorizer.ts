import { AllTokens } from './all-tokens.ts';
import { ClusterCenters } from './cluster-centers.ts';
import { TokenPool } from './token-pool.ts';
import { parseVectorizer, type Vectorizer, type VectorizerInput } from './vectorizer.ts';

/** @throws UsageError `GROUP_STRATEGY` for one that is none, or settings that it does not have */
export function createVectorizer(input: VectorizerInput): Vectorizer {
  const config = parseVectorizer(input);
  switch (config.strategy) {
    case 'token_pool_topK':
      return new TokenPool(config);
    case 'cluster_centers_r':
      return new ClusterCenters(config);
    case 'all_tokens':
      return new AllTokens(config);
  }
}
