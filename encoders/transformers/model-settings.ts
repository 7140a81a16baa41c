/** What a model needs to be known to embed texts the way it was trained. */
export interface ModelSettings {
  readonly pooling: 'mean' | 'cls' | 'last';
  readonly padding: 'left' | 'right';
  readonly queryPrompt: string;
  readonly documentPrompt: string;
  readonly maximumTokens: number;
}
