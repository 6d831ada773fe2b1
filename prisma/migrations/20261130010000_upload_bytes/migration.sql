-- The bytes of archives that have not been ingested, of a vendor and of all.
create index upload_open_idx on upload (created_at) include (vendor, bytes, status) where finished_at is null;
