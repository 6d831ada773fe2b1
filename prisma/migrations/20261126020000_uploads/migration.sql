-- Vendors' archives on their way into the catalogue.
CREATE TYPE upload_status AS ENUM ('CREATED', 'CHECKING', 'INGESTING', 'RENDERING', 'COMPLETED', 'REFUSED', 'FAILED');

CREATE TABLE upload (
  id SERIAL PRIMARY KEY,
  status upload_status NOT NULL DEFAULT 'CREATED',
  -- Its username: the row may come with the upload.
  vendor text NOT NULL,
  file_name text NOT NULL,
  bytes bigint NOT NULL,
  -- Unique ids of all that it changes, once it is checked.
  families text[] NOT NULL DEFAULT '{}',
  total_items integer NOT NULL DEFAULT 0,
  -- Files that are no SVG.
  refused_items integer NOT NULL DEFAULT 0,
  added_items integer NOT NULL DEFAULT 0,
  changed_items integer NOT NULL DEFAULT 0,
  removed_items integer NOT NULL DEFAULT 0,
  problem_count integer NOT NULL DEFAULT 0,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  finished_at timestamptz(3)
);

-- Whether an earlier one of the vendor is not through.
CREATE INDEX upload_ingesting_idx ON upload (vendor, id) WHERE status IN ('CHECKING', 'INGESTING');

-- The first 1,000 of an upload.
CREATE TABLE upload_problem (
  id SERIAL PRIMARY KEY,
  upload_id integer NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
  code text NOT NULL,
  file text,
  pointer text,
  message text NOT NULL
);
CREATE INDEX upload_problem_upload_id_id_idx ON upload_problem (upload_id, id);

-- A set of the manifest whose rows are in the catalogue.
CREATE TABLE upload_set (
  upload_id integer NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
  position integer NOT NULL,
  -- Items that were taken out, until nobody makes pictures of them any more.
  leaving_item_ids integer[] NOT NULL DEFAULT '{}',
  PRIMARY KEY (upload_id, position)
);

-- Files of a set on their way, invisible: gone in the transaction that makes items of them.
CREATE TABLE upload_file (
  upload_id integer NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
  position integer NOT NULL,
  slug text NOT NULL,
  file text NOT NULL,
  title text NOT NULL,
  tags text[] NOT NULL,
  source_key text NOT NULL,
  source_hash text NOT NULL,
  unique_id text NOT NULL,
  -- Null: the item has this source already.
  original_key text,
  width float8,
  height float8,
  -- Why it is no SVG: then it becomes a problem of the upload and no item.
  code text,
  message text,
  PRIMARY KEY (upload_id, position, slug)
);

-- Items whose pictures are made in one job.
CREATE TABLE upload_chunk (
  id SERIAL PRIMARY KEY,
  upload_id integer NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
  status chunk_status NOT NULL DEFAULT 'PENDING',
  is_queued boolean NOT NULL DEFAULT false,
  item_ids integer[] NOT NULL,
  -- Their names in the archive.
  files text[] NOT NULL,
  done_items integer NOT NULL DEFAULT 0,
  failed_items integer NOT NULL DEFAULT 0
);
CREATE INDEX upload_chunk_upload_id_id_idx ON upload_chunk (upload_id, id);
CREATE INDEX upload_chunk_pending_idx ON upload_chunk (upload_id, is_queued, id) WHERE status = 'PENDING';

ALTER TABLE item
  -- Where the original lies; null: at the source key, as imports leave it.
  ADD COLUMN original_key text,
  ADD COLUMN tags text[] NOT NULL DEFAULT '{}';

CREATE TYPE store_name AS ENUM ('ORIGINALS', 'PREVIEWS');

-- Objects that nothing points at, or nothing yet: deleted when their time has come and still nothing does.
CREATE TABLE discarded_object (
  store store_name NOT NULL,
  object_key text NOT NULL,
  delete_after timestamptz(3) NOT NULL,
  PRIMARY KEY (store, object_key)
);
CREATE INDEX discarded_object_delete_after_idx ON discarded_object (delete_after);
-- Whether an item points at an original of that key.
CREATE UNIQUE INDEX item_original_key_key ON item (original_key) WHERE original_key IS NOT NULL;
