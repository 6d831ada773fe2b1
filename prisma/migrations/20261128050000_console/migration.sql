-- CPU time of the render that made a picture.
alter table image add column render_ms integer;

-- The pictures made last. Pictures that were adopted were not made, and there may be millions of them with the same time.
create index image_made_at_idx on image (made_at, id) where owner_type = 'ITEM' and engine <> 'adopted';

-- Requests that were refused or found nothing, and how long viewers waited for pictures made on request.
alter table delivery_count add column refused bigint not null default 0, add column not_found bigint not null default 0,
  add column miss_counts integer[] not null default '{}';

-- With mode FAILED: only failures with these codes are retried; empty: all.
alter table backfill add column codes text[] not null default '{}';
