CREATE TYPE "take_down_target" AS ENUM ('ITEM', 'ICON_SET', 'FAMILY', 'VENDOR');
CREATE TYPE "take_down_status" AS ENUM ('QUEUED', 'RUNNING', 'COMPLETED', 'FAILED', 'RESTORED');

CREATE TABLE "take_down" (
  "id" SERIAL PRIMARY KEY,
  "target_type" "take_down_target" NOT NULL,
  "target_id" INTEGER NOT NULL,
  "reason" TEXT NOT NULL,
  "status" "take_down_status" NOT NULL DEFAULT 'QUEUED',
  "drained_to_item_id" INTEGER NOT NULL DEFAULT 0,
  "objects_deleted" INTEGER NOT NULL DEFAULT 0,
  "deleted_keys" TEXT[] NOT NULL DEFAULT '{}',
  "invalidation_ids" TEXT[] NOT NULL DEFAULT '{}',
  "note" TEXT,
  "error" TEXT,
  "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
  "finished_at" TIMESTAMPTZ(3),
  "restored_at" TIMESTAMPTZ(3)
);
-- What hides an item is a row in here, its own or that of what it belongs to: at most one for each target.
CREATE UNIQUE INDEX "take_down_active_key" ON "take_down" ("target_type", "target_id") WHERE "restored_at" IS NULL;

-- The tombstones set by hand until now become take-downs.
INSERT INTO "take_down" ("target_type", "target_id", "reason", "note", "status", "created_at", "finished_at")
  SELECT 'ITEM', "id", 'Taken down before receipts were kept.', 'Nothing was deleted: take it down again.', 'COMPLETED',
    "taken_down_at", "taken_down_at"
  FROM "item" WHERE "taken_down_at" IS NOT NULL;
ALTER TABLE "item" DROP COLUMN "taken_down_at";
