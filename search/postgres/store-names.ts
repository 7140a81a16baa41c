import type { SqlQuery } from './sql-driver.ts';

/** Names of the stores in a database, in order: those whose tables the connection finds without naming a schema. */
export async function storeNames(query: SqlQuery): Promise<string[]> {
  const tables = await query<{ name: string }>(
    `select left(tablename::text, -length('_metadata')) as name from pg_tables
      where schemaname = any(current_schemas(false)) and right(tablename::text, length('_metadata')) = '_metadata'
        and to_regclass(quote_ident(left(tablename::text, -length('_metadata')) || '_chunks')) is not null
      order by tablename`,
  );
  const names: string[] = [];
  for (const { name } of tables) if (await isStore(query, name)) names.push(name);
  return names;
}

/** Others may call their tables so. */
async function isStore(query: SqlQuery, name: string): Promise<boolean> {
  const columns = await query<{ name: string }>(
    `select attname::text as name from pg_attribute where attrelid = to_regclass(quote_ident($1)) and attnum > 0 and not attisdropped order by attnum`,
    [`${name}_metadata`],
  );
  if (!/^[a-z][a-z0-9_]*$/.test(name) || columns.map((column) => column.name).join() !== 'key,value') return false;
  return (await query(`select 1 from ${name}_metadata where key = 'dimension'`)).length > 0;
}
