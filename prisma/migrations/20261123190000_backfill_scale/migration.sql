-- A backfill is counted first and cut into chunks while it runs: only a few chunks wait in the queue at any time.
ALTER TABLE backfill
  ADD COLUMN counted_items integer NOT NULL DEFAULT 0,
  ADD COLUMN cut_to_item_id integer NOT NULL DEFAULT 0,
  ADD COLUMN is_cut boolean NOT NULL DEFAULT false;

-- Planned by the version before: all of its chunks are there.
UPDATE backfill SET is_cut = true WHERE status <> 'PLANNING';

-- When a chunk's work began and when its counts last changed: rates are measured from these.
ALTER TABLE backfill_chunk
  ADD COLUMN started_at timestamptz(3),
  ADD COLUMN updated_at timestamptz(3);

CREATE INDEX backfill_chunk_pending_idx ON backfill_chunk (backfill_id) WHERE status = 'PENDING';
CREATE INDEX backfill_chunk_updated_at_idx ON backfill_chunk (updated_at) WHERE updated_at IS NOT NULL;
