-- The layouts that processes have: pictures of one that none has had for long are deleted, as those of a removed preset are.
create table layout_use (
  layout text primary key,
  seen_at timestamptz(3) not null default now()
);
-- Those of layouts that are removed already wait as long as if they were removed today.
insert into layout_use (layout) select distinct layout from composite;
