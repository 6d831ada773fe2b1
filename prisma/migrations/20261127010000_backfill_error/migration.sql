-- Why a backfill ended as FAILED where no chunk says it: a preset that it wants is gone.
alter table backfill add column error text;
