import { CemError, messageOf } from '../../../base/index.ts';

/**
 * Loads a package that an installation may lack.
 *
 * @param option the setting that wants it, as a caller writes it
 * @throws CemError `SEARCH_ANALYZER_PACKAGE` saying how to install it, or what to choose instead
 */
export async function optionalPackage<T>(name: string, option: string, instead: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    throw new CemError(
      'SEARCH_ANALYZER_PACKAGE',
      `${option} needs the optional package ${name}, which cannot be loaded (${messageOf(error)}); run \`npm install ${name}\`, or choose ${instead}`,
      { details: { package: name }, cause: error },
    );
  }
}
