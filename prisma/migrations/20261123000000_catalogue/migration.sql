CREATE TYPE "item_kind" AS ENUM ('ICON', 'ILLUSTRATION');
CREATE TYPE "image_format" AS ENUM ('WEBP', 'AVIF', 'PNG');
CREATE TYPE "owner_type" AS ENUM ('ITEM', 'ICON_SET', 'FAMILY');
CREATE TYPE "backfill_mode" AS ENUM ('MISSING', 'STALE', 'FAILED', 'ALL');
CREATE TYPE "backfill_status" AS ENUM ('PLANNING', 'RUNNING', 'PAUSED', 'CANCELED', 'COMPLETED', 'FAILED');
CREATE TYPE "chunk_status" AS ENUM ('PENDING', 'DONE', 'FAILED');

CREATE TABLE "vendor" (
  "id" SERIAL PRIMARY KEY,
  "username" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "vendor_username_key" ON "vendor" ("username");

CREATE TABLE "family" (
  "id" SERIAL PRIMARY KEY,
  "unique_id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "vendor_id" INTEGER NOT NULL REFERENCES "vendor" ("id") ON UPDATE CASCADE ON DELETE RESTRICT,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "family_unique_id_key" ON "family" ("unique_id");
CREATE INDEX "family_vendor_id_id_idx" ON "family" ("vendor_id", "id");

CREATE TABLE "icon_set" (
  "id" SERIAL PRIMARY KEY,
  "unique_id" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "kind" "item_kind" NOT NULL,
  "family_id" INTEGER NOT NULL REFERENCES "family" ("id") ON UPDATE CASCADE ON DELETE RESTRICT,
  "vendor_id" INTEGER NOT NULL REFERENCES "vendor" ("id") ON UPDATE CASCADE ON DELETE RESTRICT,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "icon_set_unique_id_key" ON "icon_set" ("unique_id");
CREATE INDEX "icon_set_family_id_id_idx" ON "icon_set" ("family_id", "id");

CREATE TABLE "item" (
  "id" SERIAL PRIMARY KEY,
  "unique_id" TEXT NOT NULL,
  "slug" TEXT NOT NULL,
  "name" TEXT NOT NULL,
  "kind" "item_kind" NOT NULL,
  "icon_set_id" INTEGER NOT NULL REFERENCES "icon_set" ("id") ON UPDATE CASCADE ON DELETE RESTRICT,
  "family_id" INTEGER NOT NULL REFERENCES "family" ("id") ON UPDATE CASCADE ON DELETE RESTRICT,
  "vendor_id" INTEGER NOT NULL REFERENCES "vendor" ("id") ON UPDATE CASCADE ON DELETE RESTRICT,
  "source_key" TEXT NOT NULL,
  "source_hash" TEXT NOT NULL,
  "previous_source_hashes" TEXT[] NOT NULL DEFAULT '{}',
  "width" DOUBLE PRECISION,
  "height" DOUBLE PRECISION,
  "thumb_hash" TEXT,
  "dominant_color" TEXT,
  "taken_down_at" TIMESTAMPTZ(3),
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "item_unique_id_key" ON "item" ("unique_id");
CREATE UNIQUE INDEX "item_source_key_key" ON "item" ("source_key");
CREATE INDEX "item_icon_set_id_id_idx" ON "item" ("icon_set_id", "id");
CREATE INDEX "item_family_id_id_idx" ON "item" ("family_id", "id");
CREATE INDEX "item_vendor_id_id_idx" ON "item" ("vendor_id", "id");
CREATE INDEX "item_kind_id_idx" ON "item" ("kind", "id");

CREATE TABLE "image" (
  "id" BIGSERIAL PRIMARY KEY,
  "owner_type" "owner_type" NOT NULL,
  "owner_id" INTEGER NOT NULL,
  "preset" TEXT NOT NULL,
  "format" "image_format" NOT NULL,
  "recipe_hash" TEXT NOT NULL,
  "source_hash" TEXT NOT NULL,
  "object_key" TEXT NOT NULL,
  "width" INTEGER NOT NULL,
  "height" INTEGER NOT NULL,
  "bytes" INTEGER NOT NULL,
  "md5" TEXT NOT NULL,
  "lossless" BOOLEAN NOT NULL,
  "engine" TEXT NOT NULL,
  "warnings" TEXT[] NOT NULL DEFAULT '{}',
  "made_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "image_object_key_key" ON "image" ("object_key");
CREATE UNIQUE INDEX "image_owner_type_owner_id_preset_format_recipe_hash_source__key"
  ON "image" ("owner_type", "owner_id", "preset", "format", "recipe_hash", "source_hash");

CREATE TABLE "backfill" (
  "id" SERIAL PRIMARY KEY,
  "status" "backfill_status" NOT NULL DEFAULT 'PLANNING',
  "mode" "backfill_mode" NOT NULL,
  "presets" TEXT[] NOT NULL,
  "formats" "image_format"[] NOT NULL,
  "vendor_id" INTEGER,
  "family_id" INTEGER,
  "icon_set_id" INTEGER,
  "fingerprint" TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "started_at" TIMESTAMPTZ(3),
  "finished_at" TIMESTAMPTZ(3)
);
-- Prisma's schema language has no partial index: starting the same backfill twice returns the running one.
CREATE UNIQUE INDEX "backfill_unfinished_key" ON "backfill" ("fingerprint")
  WHERE "status" IN ('PLANNING', 'RUNNING', 'PAUSED');

CREATE TABLE "backfill_chunk" (
  "id" SERIAL PRIMARY KEY,
  "backfill_id" INTEGER NOT NULL REFERENCES "backfill" ("id") ON UPDATE CASCADE ON DELETE CASCADE,
  "from_item_id" INTEGER NOT NULL,
  "to_item_id" INTEGER NOT NULL,
  "status" "chunk_status" NOT NULL DEFAULT 'PENDING',
  "total_items" INTEGER NOT NULL,
  "done_items" INTEGER NOT NULL DEFAULT 0,
  "failed_items" INTEGER NOT NULL DEFAULT 0,
  "images_made" INTEGER NOT NULL DEFAULT 0,
  "bytes_written" BIGINT NOT NULL DEFAULT 0,
  "error" TEXT
);
CREATE UNIQUE INDEX "backfill_chunk_backfill_id_from_item_id_key" ON "backfill_chunk" ("backfill_id", "from_item_id");

CREATE TABLE "render_failure" (
  "id" SERIAL PRIMARY KEY,
  "item_id" INTEGER NOT NULL REFERENCES "item" ("id") ON UPDATE CASCADE ON DELETE CASCADE,
  "source_hash" TEXT NOT NULL,
  "renderer_version" TEXT NOT NULL,
  "code" TEXT NOT NULL,
  "message" TEXT NOT NULL,
  "attempts" INTEGER NOT NULL DEFAULT 1,
  "settled" BOOLEAN NOT NULL,
  "backfill_id" INTEGER REFERENCES "backfill" ("id") ON UPDATE CASCADE ON DELETE SET NULL,
  "last_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE UNIQUE INDEX "render_failure_item_id_key" ON "render_failure" ("item_id");
CREATE INDEX "render_failure_backfill_id_id_idx" ON "render_failure" ("backfill_id", "id");

CREATE TABLE "preset_recipe" (
  "preset" TEXT NOT NULL,
  "recipe_hash" TEXT NOT NULL,
  "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  PRIMARY KEY ("preset", "recipe_hash")
);

CREATE TABLE "worker" (
  "id" TEXT PRIMARY KEY,
  "host" TEXT NOT NULL,
  "pid" INTEGER NOT NULL,
  "started_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP
);
