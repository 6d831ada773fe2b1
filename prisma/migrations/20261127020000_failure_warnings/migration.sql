-- What had been left out of a source, or might look different, when it failed.
alter table render_failure add column warnings text[] not null default '{}';
