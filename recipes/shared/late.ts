/**
 * A function whose module is loaded when it is first called: the door of recipes/ can be imported without what only some of its functions need (TensorFlow.js above all).
 *
 * @param load imports the module and gives the function
 */
export function late<Arguments extends readonly unknown[], Result>(
  load: () => Promise<(...values: Arguments) => Promise<Result>>,
): (...values: Arguments) => Promise<Result> {
  return async (...values) => (await load())(...values);
}
