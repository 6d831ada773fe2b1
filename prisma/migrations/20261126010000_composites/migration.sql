-- What a family's pictures show: a row for each pick that was ever stored, one of them current for each layout. A picture
-- is an image of owner type FAMILY, whose preset is the layout and whose source hash is the pick's members hash.
CREATE TABLE composite (
  id SERIAL PRIMARY KEY,
  family_id integer NOT NULL REFERENCES family (id) ON DELETE CASCADE,
  layout text NOT NULL,
  seed integer NOT NULL,
  -- Items that are shown in any case and first, and items that are never shown.
  pinned integer[] NOT NULL DEFAULT '{}',
  excluded integer[] NOT NULL DEFAULT '{}',
  -- Items in the order of their cells.
  members integer[] NOT NULL,
  members_hash text NOT NULL,
  recipe_hash text NOT NULL,
  is_current boolean NOT NULL,
  picked_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX composite_family_id_layout_members_hash_recipe_hash_key
  ON composite (family_id, layout, members_hash, recipe_hash);
CREATE UNIQUE INDEX composite_current_key ON composite (family_id, layout) WHERE is_current;

-- Families that have changed since their pictures were composed. Written by who counts coverage, one process at a time, in
-- the transaction that counts: recording pictures pays nothing for it.
CREATE TABLE family_change (
  family_id integer PRIMARY KEY,
  changed_at timestamptz NOT NULL DEFAULT now(),
  -- Every picture that the family's items want is made or cannot be made.
  is_settled boolean NOT NULL,
  -- Its job waits in the queue since.
  queued_at timestamptz
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX family_change_settled_idx ON family_change (changed_at) WHERE is_settled AND queued_at IS NULL;
CREATE INDEX family_change_changed_at_idx ON family_change (changed_at);

-- A backfill with previews composes the families of its scope when their items are made; one without has nothing to compose.
ALTER TABLE backfill
  ADD COLUMN previews boolean NOT NULL DEFAULT false,
  ADD COLUMN composed_to_family_id integer NOT NULL DEFAULT 0,
  ADD COLUMN is_composed boolean NOT NULL DEFAULT true;
