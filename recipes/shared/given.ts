/** Options without those that are undefined: where an absent one has its default. */
type Given<Options> = { [Key in keyof Options]?: Exclude<Options[Key], undefined> };

/** @returns a copy without the properties that are undefined */
export function given<Options extends object>(options: Options): Given<Options> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<Options>;
}
