-- Renderers of all workers that it uses at once, and when it is paused.
alter table backfill add column max_renderers integer, add column not_after timestamptz(3);
