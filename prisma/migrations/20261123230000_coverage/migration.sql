-- How much of the catalogue has its pictures, counted per set and summed up, so that a look costs the same at any size.
CREATE TYPE coverage_scope AS ENUM ('CATALOGUE', 'VENDOR', 'FAMILY', 'ICON_SET');

CREATE TABLE coverage (
  scope_type coverage_scope NOT NULL,
  scope_id integer NOT NULL,
  preset text NOT NULL,
  total integer NOT NULL,
  ready integer NOT NULL,
  stale integer NOT NULL,
  failed integer NOT NULL,
  PRIMARY KEY (scope_type, scope_id, preset)
) WITH (fillfactor = 70);

-- What is counted; a process that starts with other presets replaces it and makes every set due.
CREATE TABLE coverage_preset (
  preset text PRIMARY KEY,
  format image_format NOT NULL,
  recipe_hash text NOT NULL,
  renderer_version text NOT NULL
);

-- Sets to be counted anew. A log, not a mark per set: writers only add rows, so they wait for nobody, nor does who counts.
-- A row is visible exactly when the change that it stands for is. Who counts deletes the rows that it sees and then
-- looks at the items, in this order: a change that commits in between leaves its row for the next time, so none is lost.
CREATE TABLE coverage_change (
  id bigserial PRIMARY KEY,
  icon_set_id integer NOT NULL,
  noted_at timestamptz(3) NOT NULL DEFAULT now()
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Which changes are a vendor's: without it a look reads every set.
CREATE INDEX icon_set_vendor_id_id_idx ON icon_set (vendor_id, id);

-- The triggers are on the tables themselves, so that no writer can forget them. Recording pictures is the hot path: it fires
-- the first of them alone, once a statement. The rows' triggers run for what counts only, which is rare.
CREATE FUNCTION note_images() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO coverage_change (icon_set_id)
    SELECT DISTINCT i.icon_set_id FROM changed c JOIN item i ON i.id = c.owner_id WHERE c.owner_type = 'ITEM';
  RETURN NULL;
END $$;
CREATE TRIGGER coverage_insert AFTER INSERT ON image
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_images();
CREATE TRIGGER coverage_delete AFTER DELETE ON image
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_images();

CREATE FUNCTION note_image() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO coverage_change (icon_set_id)
    SELECT icon_set_id FROM item
    WHERE (OLD.owner_type = 'ITEM' AND id = OLD.owner_id) OR (NEW.owner_type = 'ITEM' AND id = NEW.owner_id);
  RETURN NULL;
END $$;
CREATE TRIGGER coverage_update AFTER UPDATE OF owner_type, owner_id, preset, format, recipe_hash, source_hash ON image
  FOR EACH ROW EXECUTE FUNCTION note_image();

CREATE FUNCTION note_failure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO coverage_change (icon_set_id) SELECT icon_set_id FROM item WHERE id IN (OLD.item_id, NEW.item_id);
  RETURN NULL;
END $$;
CREATE TRIGGER coverage_change AFTER INSERT OR UPDATE OR DELETE ON render_failure
  FOR EACH ROW EXECUTE FUNCTION note_failure();

CREATE FUNCTION note_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO coverage_change (icon_set_id) SELECT DISTINCT icon_set_id FROM changed;
  RETURN NULL;
END $$;
CREATE TRIGGER coverage_insert AFTER INSERT ON item
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_items();
CREATE TRIGGER coverage_delete AFTER DELETE ON item
  REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_items();

CREATE FUNCTION note_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO coverage_change (icon_set_id) SELECT DISTINCT unnest(ARRAY[OLD.icon_set_id, NEW.icon_set_id]);
  RETURN NULL;
END $$;
CREATE TRIGGER coverage_update AFTER UPDATE OF source_hash, icon_set_id ON item FOR EACH ROW
  WHEN ((OLD.source_hash, OLD.icon_set_id) IS DISTINCT FROM (NEW.source_hash, NEW.icon_set_id))
  EXECUTE FUNCTION note_item();

-- What a take-down hides is left out.
CREATE FUNCTION note_take_down() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed take_down := coalesce(NEW, OLD);
BEGIN
  INSERT INTO coverage_change (icon_set_id)
    SELECT id FROM icon_set s
      WHERE (changed.target_type, changed.target_id) IN (('VENDOR', s.vendor_id), ('FAMILY', s.family_id), ('ICON_SET', s.id))
    UNION ALL SELECT icon_set_id FROM item WHERE changed.target_type = 'ITEM' AND id = changed.target_id;
  RETURN NULL;
END $$;
CREATE TRIGGER coverage_change AFTER INSERT OR UPDATE OF restored_at OR DELETE ON take_down
  FOR EACH ROW EXECUTE FUNCTION note_take_down();
