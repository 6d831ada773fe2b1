-- Who may do what: tokens with scopes, perhaps of one vendor, and a record of what was done with them.
create table token (
  id serial primary key,
  name text not null,
  -- The readable beginning; the rest is only known to its holder.
  prefix text not null,
  -- SHA-256 of the whole token, which has 256 random bits: nothing slower is needed.
  hash bytea not null,
  scopes text[] not null,
  -- A username, as in upload: the vendor's row may come later. Null: all vendors.
  vendor text,
  -- The token that created it: it is revoked together with that one.
  parent_id integer references token (id) on delete set null,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3),
  last_used_at timestamptz(3),
  revoked_at timestamptz(3)
);
create unique index token_hash_key on token (hash);
create index token_vendor_id_idx on token (vendor, id);
create index token_parent_id_idx on token (parent_id);

create table audit_entry (
  id serial primary key,
  at timestamptz(3) not null default now(),
  actor text not null,
  -- The vendor that the actor is bound to.
  vendor text,
  action text not null,
  target text,
  outcome text not null,
  request_id text
);
create index audit_entry_at_idx on audit_entry (at);
create index audit_entry_vendor_id_idx on audit_entry (vendor, id);

-- The configuration that processes started with last, as keyed fingerprints: secrets cannot be guessed from them.
create table configuration (
  variable text primary key,
  fingerprint text not null,
  seen_at timestamptz(3) not null default now()
);

-- A vendor's webhooks receive the events of that vendor alone.
alter table webhook add column vendor text;
create index webhook_vendor_id_idx on webhook (vendor, id);
alter table event add column vendor text;

-- The vendor in whose catalogue the scope lies; null: the whole catalogue.
alter table backfill add column owner_id integer;
update backfill b set owner_id = coalesce(b.vendor_id,
  (select vendor_id from family where id = b.family_id), (select vendor_id from icon_set where id = b.icon_set_id));
create index backfill_owner_id_id_idx on backfill (owner_id, id);

-- The vendor of what is taken down, and whether an operator did it, which the vendor cannot undo.
alter table take_down add column owner_id integer, add column by_operator boolean not null default true;
update take_down t set owner_id = case target_type
  when 'VENDOR' then target_id
  when 'FAMILY' then (select vendor_id from family where id = target_id)
  when 'ICON_SET' then (select vendor_id from icon_set where id = target_id)
  else (select vendor_id from item where id = target_id) end;
create index take_down_owner_id_id_idx on take_down (owner_id, id);

create index upload_vendor_id_idx on upload (vendor, id);
