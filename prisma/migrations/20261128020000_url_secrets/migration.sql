-- The URL secrets of all processes, in the order in which they were first seen: one with a higher id is newer. Of each, a fingerprint.
CREATE TABLE url_secret (
  id integer PRIMARY KEY,
  fingerprint text NOT NULL,
  -- When a process that issues URLs with it was last known to run, to the hour; null: it was only accepted.
  issued_at timestamptz(3)
);
CREATE UNIQUE INDEX url_secret_fingerprint_key ON url_secret (fingerprint);

-- The secret of the version in the picture's key; 0: none that is known. The first process that starts after this migration compares the
-- existing keys with its secrets: see src/variants/url-secrets.ts.
ALTER TABLE image ADD COLUMN url_secret_id integer NOT NULL DEFAULT 1;
DROP INDEX "image_owner_type_owner_id_preset_format_recipe_hash_source__key";
CREATE UNIQUE INDEX image_variant_key
  ON image (owner_type, owner_id, preset, format, recipe_hash, source_hash, url_secret_id);

-- A picture counts as ready where it is stored under the key that the latest process issues.
ALTER TABLE coverage_preset ADD COLUMN url_secret_id integer NOT NULL DEFAULT 1;
DROP TRIGGER coverage_update ON image;
CREATE TRIGGER coverage_update
  AFTER UPDATE OF owner_type, owner_id, preset, format, recipe_hash, source_hash, url_secret_id ON image
  FOR EACH ROW EXECUTE FUNCTION note_image();

-- Both sign deliveries until the earlier one ends, so that a receiver can change to the new one in between.
ALTER TABLE webhook
  ADD COLUMN previous_secret text,
  ADD COLUMN previous_secret_until timestamptz(3);
