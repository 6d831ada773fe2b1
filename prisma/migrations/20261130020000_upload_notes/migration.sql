-- What was read otherwise than it stands in an archive.
alter table upload add column notes text[] not null default '{}';
