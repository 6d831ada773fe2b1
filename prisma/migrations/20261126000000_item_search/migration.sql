-- items(search): a look for parts of words in names by their trigrams. The extension is trusted, so the database's owner may add it.
create extension if not exists pg_trgm;
create index item_name_trgm on item using gin (name gin_trgm_ops);
