import type { SqlDriver } from './sql-driver.ts';
import { readSettings, type StoreTables, writeSetting } from './store-tables.ts';

/** Key of what an owner keeps among the settings; apart from the store's own. */
const propertyKey = (name: string): string => `owner.${name}`;

/** Texts that a store's owner keeps beside the rows, by name. */
export class StoreProperties {
  readonly #driver: Pick<SqlDriver, 'query'>;
  readonly #tables: StoreTables;

  constructor(driver: Pick<SqlDriver, 'query'>, tables: StoreTables) {
    this.#driver = driver;
    this.#tables = tables;
  }

  /** Undefined where nothing was kept under this name. */
  async get(name: string): Promise<string | undefined> {
    return (await readSettings(this.#driver, this.#tables))?.get(propertyKey(name));
  }

  /** Several of them, as of one moment. */
  async several<Name extends string>(names: readonly Name[]): Promise<Partial<Record<Name, string>>> {
    const rows = await this.#driver.query<{ key: string; value: string }>(
      `select key, value from ${this.#tables.settings} where key = any($1::text[])`,
      [names.map(propertyKey)],
    );
    const values = new Map(rows.map(({ key, value }) => [key, value]));
    return Object.fromEntries(
      names.flatMap((name) => {
        const value = values.get(propertyKey(name));
        return value === undefined ? [] : [[name, value]];
      }),
    ) as Partial<Record<Name, string>>;
  }

  set(name: string, value: string): Promise<void> {
    return writeSetting(this.#driver.query, this.#tables, propertyKey(name), value);
  }
}
