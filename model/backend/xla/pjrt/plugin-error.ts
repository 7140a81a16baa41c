import { CemError, messageOf } from '../../../../base/index.ts';

/** RESOURCE_EXHAUSTED among the plugin interface's kinds of errors. */
const RESOURCE_EXHAUSTED = '8';

/** The first lines of what a plugin says; a compiler's message may hold the whole program. */
const MESSAGE_LIMIT = 2000;

/**
 * What a plugin threw, as an error of ours with its message: of the code given, or `XLA_MEMORY` where the device's memory did not suffice.
 *
 * @param doing what failed, e.g. `compiling a program`
 */
export function pluginError(code: string, doing: string, error: unknown): CemError {
  const text = messageOf(error);
  const message = text.length > MESSAGE_LIMIT ? `${text.slice(0, MESSAGE_LIMIT)}…` : text;
  const pluginCode = (error as { code?: string } | undefined)?.code;
  if (pluginCode === RESOURCE_EXHAUSTED || /out of memory/i.test(text)) {
    return new CemError(
      'XLA_MEMORY',
      `the device's memory does not suffice for ${doing}: ${message}\nTake a smaller batch or model, or a device with more free memory.`,
      { details: { doing, pluginCode }, cause: error },
    );
  }
  return new CemError(code, `${doing} failed: ${message}`, { details: { doing, pluginCode }, cause: error });
}
