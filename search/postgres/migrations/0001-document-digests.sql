-- Rows are found by a digest of their document, so that an id may be of any length. Labels of access have an index. A vector of zeros is null, which no vector index holds.
lock table {name}_chunks in access exclusive mode;
alter table {name}_chunks drop constraint {name}_chunks_pkey;
create unique index {name}_chunks_key on {name}_chunks
  ((sha256(decode(replace(document, chr(92), chr(92) || chr(92)), 'escape'))), chunk);
alter table {name}_chunks alter column vector drop not null;
update {name}_chunks set vector = null where vector <#> vector = 0;
create index {name}_chunks_labels on {name}_chunks
  using gin ((coalesce(nullif(metadata -> 'labels', '[]'::jsonb), '[""]'::jsonb)));
insert into {name}_metadata values ('layout', '2') on conflict (key) do update set value = excluded.value;
