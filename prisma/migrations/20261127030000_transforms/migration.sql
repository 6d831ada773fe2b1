-- Pictures by transform are images that have a last use and are forgotten without one; a preset's have none.
ALTER TABLE image ADD COLUMN used_at timestamptz(3);
CREATE INDEX image_used_at_idx ON image (used_at) WHERE used_at IS NOT NULL;

-- What a drawing says of an item: its colours, its placeholders on other grounds, and whether AVIF is worth it.
ALTER TABLE item
  ADD COLUMN palette text[] NOT NULL DEFAULT '{}',
  ADD COLUMN palette_shares float4[] NOT NULL DEFAULT '{}',
  ADD COLUMN is_monochrome boolean NOT NULL DEFAULT false,
  ADD COLUMN fills_ground boolean NOT NULL DEFAULT false,
  ADD COLUMN suits_avif boolean NOT NULL DEFAULT false,
  ADD COLUMN placeholder_dark bytea,
  ADD COLUMN placeholder_clear bytea;

-- Coverage counts presets only.
CREATE OR REPLACE FUNCTION note_images() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO coverage_change (icon_set_id)
    SELECT DISTINCT i.icon_set_id FROM changed c JOIN item i ON i.id = c.owner_id
    WHERE c.owner_type = 'ITEM' AND c.used_at IS NULL;
  RETURN NULL;
END $$;
