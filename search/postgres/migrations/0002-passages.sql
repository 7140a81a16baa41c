-- A row is a passage of a chunk.
lock table {name}_chunks in access exclusive mode;
alter table {name}_chunks add column passage integer not null default 0;
drop index {name}_chunks_key;
create unique index {name}_chunks_key on {name}_chunks
  ((sha256(decode(replace(document, chr(92), chr(92) || chr(92)), 'escape'))), chunk, passage);
insert into {name}_metadata values ('layout', '3') on conflict (key) do update set value = excluded.value;
