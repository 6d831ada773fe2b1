-- Whose limits an upload counts for: a token.
ALTER TABLE upload ADD COLUMN client text NOT NULL DEFAULT '';
CREATE INDEX upload_client_created_at_idx ON upload (client, created_at);

-- Size of the original, for the quota of a vendor. Null: imported, or uploaded before this release.
ALTER TABLE upload_file ADD COLUMN source_bytes integer;
ALTER TABLE item ADD COLUMN source_bytes integer;
