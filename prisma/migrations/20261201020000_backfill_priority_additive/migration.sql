-- Which of several backfills goes first; the values compare in this order.
create type backfill_priority as enum ('LOW', 'NORMAL', 'HIGH');
alter table backfill add column priority backfill_priority not null default 'NORMAL';
