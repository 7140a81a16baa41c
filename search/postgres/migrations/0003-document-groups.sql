-- Documents are listed by an index over what their ids have in common. Stores of layout 3 may have it already.
create index if not exists {name}_chunks_groups on {name}_chunks
  ((left((coalesce(substring(document from '^(.*)-[0-9]+$'), document) collate "C"), 256)));
