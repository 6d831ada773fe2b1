-- items(search): what a search is compared with, so that neither case nor normal form nor invisible characters matter, in any
-- script and under any locale of the database (C among them). src/catalogue/search.ts folds the words of a search the same way.
-- Through capitals: they fold more than small letters do (ß to ss, final sigma, dotless i); once small before, for the capital ß.
alter table item add column search_name text not null generated always as (
  normalize(replace(translate(
    lower(upper(lower(normalize(name, NFKC) collate "und-x-icu"))),
    U&'\03C2\00AD\200B\200C\200D\2060\FEFF', U&'\03C3'), U&'i\0307', 'i'), NFC)
) stored;
drop index item_name_trgm;
create index item_search_name_trgm on item using gin (search_name gin_trgm_ops);
