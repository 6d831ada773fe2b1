-- Who may see a part of the catalogue; from the least strict to the strictest, so that the greatest of several is what applies.
create type visibility as enum ('PUBLIC', 'UNLISTED', 'PRIVATE');

alter table family add column visibility visibility not null default 'PUBLIC';
-- `own_visibility` is what was asked for; `visibility` is what applies, and what every reader looks at.
alter table icon_set add column own_visibility visibility not null default 'PUBLIC',
  add column visibility visibility not null default 'PUBLIC';
alter table item add column own_visibility visibility not null default 'PUBLIC',
  add column visibility visibility not null default 'PUBLIC';
alter table upload_file add column visibility visibility;

-- So that a page costs the same however many hidden items lie before it.
create index item_visibility_id_idx on item (visibility, id);
create index item_vendor_id_visibility_id_idx on item (vendor_id, visibility, id);

-- What applies is computed here and nowhere else: the strictest of an item, its set and its family.
create function apply_visibility() returns trigger language plpgsql as $$
begin
  if tg_table_name = 'icon_set' then
    new.visibility := greatest(new.own_visibility, (select f.visibility from family f where f.id = new.family_id));
  else
    new.visibility := greatest(new.own_visibility, (select s.visibility from icon_set s where s.id = new.icon_set_id));
  end if;
  return new;
end $$;
create trigger visibility_apply before insert or update of own_visibility, family_id on icon_set
  for each row execute function apply_visibility();
create trigger visibility_apply before insert or update of own_visibility, icon_set_id on item
  for each row execute function apply_visibility();

-- VISIBILITY_LOCK of src/db/locks.ts: a change waits for the transactions that add sets, items or search documents, and they for it.
-- Otherwise an item added at the same moment would get what its family was before.
create function share_visibility() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(724015);
  return null;
end $$;
create trigger visibility_share before insert on icon_set for each statement execute function share_visibility();
create trigger visibility_share before insert on item for each statement execute function share_visibility();
create trigger visibility_share before insert on item_search for each statement execute function share_visibility();

create function lock_visibility() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock(724015);
  return null;
end $$;
create trigger visibility_lock before update of visibility on family for each statement execute function lock_visibility();
create trigger visibility_lock before update of own_visibility on icon_set for each statement execute function lock_visibility();
create trigger visibility_lock before update of own_visibility on item for each statement execute function lock_visibility();

-- A change reaches everything below it in the same transaction. Search documents, which only PUBLIC items have, are deleted in bulk
-- first: one by one, each would recount its words.
create function spread_visibility() returns trigger language plpgsql as $$
begin
  if tg_table_name = 'family' then
    if new.visibility <> 'PUBLIC' then delete from item_search where family_id = new.id; end if;
    update icon_set set own_visibility = own_visibility where family_id = new.id;
  else
    if new.visibility <> 'PUBLIC' then delete from item_search where icon_set_id = new.id; end if;
    update item set own_visibility = own_visibility where icon_set_id = new.id;
  end if;
  return null;
end $$;
create trigger visibility_spread after update on family for each row
  when (old.visibility is distinct from new.visibility) execute function spread_visibility();
create trigger visibility_spread after update on icon_set for each row
  when (old.visibility is distinct from new.visibility) execute function spread_visibility();

-- The search document goes at once and comes back with the next indexing; the family's composites are due.
create function note_visibility() returns trigger language plpgsql as $$
begin
  insert into coverage_change (icon_set_id) values (new.icon_set_id);
  if new.visibility = 'PUBLIC' then insert into search_change (item_id) values (new.id);
  else delete from item_search where item_id = new.id;
  end if;
  return null;
end $$;
create trigger visibility_note after update on item for each row
  when (old.visibility is distinct from new.visibility) execute function note_visibility();

-- A receipt is of a take-down, or of the deletion of what was public of something that became PRIVATE.
create type take_down_kind as enum ('TAKE_DOWN', 'PRIVATE');
alter table take_down add column kind take_down_kind not null default 'TAKE_DOWN';
drop index take_down_active_key;
create unique index take_down_active_key on take_down (target_type, target_id, kind) where restored_at is null;
