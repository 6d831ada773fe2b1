-- What must outlive this database: each take-down, change of visibility, token and removal of an item, as a line that is waiting to be
-- stored with the originals (src/recovery/tombstones.ts). Triggers write them, so that no change can be made without its line. They
-- name things by their keys, because a catalogue that is made again may give them other ids.
create table tombstone (
  id bigserial primary key,
  line jsonb not null
);

-- A catalogue that is being made again from these lines writes none.
create function add_tombstone(type text, line jsonb) returns void language plpgsql as $$
begin
  if current_setting('afterimage.rebuilding', true) is distinct from 'on' then
    insert into tombstone (line) values (jsonb_build_object('type', type, 'at', clock_timestamp()) || line);
  end if;
end $$;

create function key_of_target(target take_down_target, target_id integer) returns text language sql stable as $$
  select case target
    when 'ITEM' then (select source_key from item where id = target_id)
    when 'ICON_SET' then (select unique_id from icon_set where id = target_id)
    when 'FAMILY' then (select unique_id from family where id = target_id)
    when 'VENDOR' then (select username from vendor where id = target_id) end
$$;

create function tombstone_take_down() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and (old.restored_at, old.by_operator) is not distinct from (new.restored_at, new.by_operator) then
    return null;
  end if;
  perform add_tombstone('takedown', jsonb_build_object(
    'target', new.target_type, 'key', key_of_target(new.target_type, new.target_id), 'reason', new.reason,
    'byOperator', new.by_operator, 'createdAt', new.created_at, 'restoredAt', new.restored_at));
  return null;
end $$;
create trigger tombstone after insert or update of restored_at, by_operator on take_down for each row
  when (new.kind = 'TAKE_DOWN') execute function tombstone_take_down();

create function tombstone_visibility() returns trigger language plpgsql as $$
begin
  if tg_table_name = 'item' then
    perform add_tombstone('visibility', jsonb_build_object('target', 'ITEM', 'key', new.source_key, 'visibility', new.own_visibility));
  elsif tg_table_name = 'icon_set' then
    perform add_tombstone('visibility', jsonb_build_object('target', 'ICON_SET', 'key', new.unique_id, 'visibility', new.own_visibility));
  else
    perform add_tombstone('visibility', jsonb_build_object('target', 'FAMILY', 'key', new.unique_id, 'visibility', new.visibility));
  end if;
  return null;
end $$;
create trigger tombstone_insert after insert on item for each row
  when (new.own_visibility <> 'PUBLIC') execute function tombstone_visibility();
create trigger tombstone_update after update of own_visibility on item for each row
  when (old.own_visibility is distinct from new.own_visibility) execute function tombstone_visibility();
create trigger tombstone_insert after insert on icon_set for each row
  when (new.own_visibility <> 'PUBLIC') execute function tombstone_visibility();
create trigger tombstone_update after update of own_visibility on icon_set for each row
  when (old.own_visibility is distinct from new.own_visibility) execute function tombstone_visibility();
create trigger tombstone_insert after insert on family for each row
  when (new.visibility <> 'PUBLIC') execute function tombstone_visibility();
create trigger tombstone_update after update of visibility on family for each row
  when (old.visibility is distinct from new.visibility) execute function tombstone_visibility();

-- Its original stays in the bucket for a while, and must not bring it back.
create function tombstone_removed() returns trigger language plpgsql as $$
begin
  perform add_tombstone('removed', jsonb_build_object('key', old.source_key));
  return null;
end $$;
create trigger tombstone_removed after delete on item for each row execute function tombstone_removed();

create function tombstone_token() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.revoked_at is not distinct from new.revoked_at then return null; end if;
  perform add_tombstone('token', jsonb_build_object(
    'hash', encode(new.hash, 'hex'), 'name', new.name, 'prefix', new.prefix, 'scopes', new.scopes, 'vendor', new.vendor,
    'parent', (select encode(p.hash, 'hex') from token p where p.id = new.parent_id),
    'createdAt', new.created_at, 'expiresAt', new.expires_at, 'revokedAt', new.revoked_at));
  return null;
end $$;
create trigger tombstone after insert or update of revoked_at on token for each row execute function tombstone_token();
