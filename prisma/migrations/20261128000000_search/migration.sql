-- What Iconify and manifests say of items and families beside their names.
alter table family add column license_title text, add column license_spdx text, add column license_url text,
  add column attribution text, add column author text,
  -- The folded name, written with the documents of its items.
  add column search_name text not null default '';
alter table item add column alt text, add column aliases text[] not null default '{}',
  add column characters text[] not null default '{}';
alter table upload_file add column alt text, add column aliases text[] not null default '{}';

-- What a search looks at: one document an item, folded by src/search/fold.ts, so that the database's locale does not matter.
create table item_search (
  item_id integer primary key references item (id) on update cascade on delete cascade,
  vendor_id integer not null,
  family_id integer not null,
  icon_set_id integer not null,
  kind item_kind not null,
  -- Folded names that ties are sorted by.
  family_key text collate "C" not null,
  name_key text collate "C" not null,
  -- Words behind a digit that says where they stand, see src/search/document.ts.
  tokens text[] not null
);
alter table item_search alter column tokens set statistics 1000;
create index item_search_tokens_idx on item_search using gin (tokens) with (gin_pending_list_limit = 1024);
create index item_search_order_idx on item_search (family_key, name_key, item_id);
create index item_search_name_idx on item_search (name_key, item_id);
create index item_search_vendor_id_idx on item_search (vendor_id, item_id);
create index item_search_family_id_idx on item_search (family_id, name_key, item_id);
create index item_search_icon_set_id_idx on item_search (icon_set_id, item_id);

-- The vocabulary: what prefixes, parts and misspellings of words are looked up in.
create table search_word (
  word text collate "C" primary key,
  items integer not null,
  grams text[] not null
);
-- Three letters each, in any script and locale; one and two of what is not ASCII, where a word may be one sign.
create function search_grams(word text) returns text[] language sql immutable parallel safe as $$
  select coalesce(array_agg(distinct gram), '{}') from (
    select substr('  ' || word || ' ', n, 3) as gram from generate_series(1, char_length(word) + 1) as n
    union all
    select substr(word, n, l) from generate_series(1, char_length(word)) as n, generate_series(1, 2) as l
    where octet_length(word) > char_length(word) and n + l <= char_length(word) + 1
  ) as t
$$;
create index search_word_grams_idx on search_word using gin (grams);

create function count_search_words() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into search_word as w (word, items, grams)
      select word, items, search_grams(word) from (
        select substr(token, 2) as word, count(*)::int as items
        from changed, unnest(tokens) as token where token ~ '^[123]' group by 1
      ) as t order by word collate "C"
    on conflict (word) do update set items = w.items + excluded.items;
  else
    update search_word w set items = w.items - gone.items
    from (
      select v.word, t.items from (
        select substr(token, 2) as word, count(*)::int as items
        from changed, unnest(tokens) as token where token ~ '^[123]' group by 1
      ) as t join search_word v using (word) order by v.word for update of v
    ) as gone where w.word = gone.word;
  end if;
  return null;
end $$;
create trigger search_words_insert after insert on item_search
  referencing new table as changed for each statement execute function count_search_words();
create trigger search_words_delete after delete on item_search
  referencing old table as changed for each statement execute function count_search_words();

-- Items whose documents are due, written by triggers so that no writer can forget them. A log as coverage_change is: writers
-- add rows only and wait for nobody, and a row is visible exactly when its change is.
create table search_change (
  id bigserial primary key,
  item_id integer not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

create function note_search_items() returns trigger language plpgsql as $$
begin
  insert into search_change (item_id) select id from changed;
  return null;
end $$;
create trigger search_insert after insert on item
  referencing new table as changed for each statement execute function note_search_items();

create function note_search_item() returns trigger language plpgsql as $$
begin
  insert into search_change (item_id) values (new.id);
  return null;
end $$;
create trigger search_update after update of name, slug, tags, aliases, characters, kind, icon_set_id, family_id, vendor_id
  on item for each row
  when ((old.name, old.slug, old.tags, old.aliases, old.characters, old.kind, old.icon_set_id, old.family_id, old.vendor_id)
    is distinct from (new.name, new.slug, new.tags, new.aliases, new.characters, new.kind, new.icon_set_id, new.family_id, new.vendor_id))
  execute function note_search_item();

-- A family's, set's or vendor's name is in the documents of its items.
create function note_search_name() returns trigger language plpgsql as $$
begin
  insert into search_change (item_id) select id from item where case tg_table_name
    when 'family' then family_id = new.id when 'icon_set' then icon_set_id = new.id else vendor_id = new.id end;
  return null;
end $$;
create trigger search_name after update of name on family for each row
  when (old.name is distinct from new.name) execute function note_search_name();
create trigger search_name after update of name on icon_set for each row
  when (old.name is distinct from new.name) execute function note_search_name();
create trigger search_name after update of name on vendor for each row
  when (old.name is distinct from new.name) execute function note_search_name();

-- Items that are there already: workers index them from now on, and a search finds what is indexed.
insert into search_change (item_id) select id from item order by id;

-- No search compares with it any more. The column stays, since processes of the release before select it.
drop index item_search_name_trgm;

-- A colour's name, by hue, of #rrggbb; the source of the limits is src/search/colors.ts.
create function color_name(color text) returns text language plpgsql immutable strict parallel safe as $$
declare
  r int := ('x' || substr(color, 2, 2))::bit(8)::int;
  g int := ('x' || substr(color, 4, 2))::bit(8)::int;
  b int := ('x' || substr(color, 6, 2))::bit(8)::int;
  high int := greatest(r, g, b);
  low int := least(r, g, b);
  hue float;
begin
  if high - low < 28 then
    return case when high < 56 then 'black' when high < 216 then 'gray' else 'white' end;
  end if;
  hue := 60 * case high when r then ((g - b)::float / (high - low)) when g then 2 + (b - r)::float / (high - low)
    else 4 + (r - g)::float / (high - low) end;
  if hue < 0 then hue := hue + 360; end if;
  if hue >= 15 and hue < 45 and high < 160 then return 'brown'; end if;
  return case when hue < 15 then 'red' when hue < 45 then 'orange' when hue < 70 then 'yellow' when hue < 165 then 'green'
    when hue < 195 then 'cyan' when hue < 255 then 'blue' when hue < 290 then 'purple' when hue < 345 then 'pink' else 'red' end;
end $$;
create index item_color_name_idx on item (color_name(dominant_color), id);

-- Whether a picture has one colour: a ThumbHash is of the picture on its mean colour, so that all of its waves are flat.
-- https://evanw.github.io/thumbhash/: 24 bits with the scale of lightness at bit 18, 16 bits with those of the colours at 3 and 9.
create function is_flat_hash(thumb_hash text) returns boolean language sql immutable strict parallel safe as $$
  select octet_length(h) > 5 and ((get_byte(h, 2) >> 2) & 31) <= 1 and ((get_byte(h, 3) >> 3) & 31 | (get_byte(h, 4) & 1) << 5) <= 1
    and ((get_byte(h, 4) >> 1) & 63) <= 1
  from decode(thumb_hash, 'base64') as h
$$;
