-- Events are delivered in lines: one for each webhook and family, sent one after the other.
-- A line is a cursor over the family's events. "Everything above the last id" would lose an event whose transaction took
-- its id earlier and commits later; so whoever records events of a family holds the family's lock from before the first
-- id until the commit (src/catalogue/outbox.ts): within a family, ids are in the order of the commits.
UPDATE event SET family = '' WHERE family IS NULL;
ALTER TABLE event ALTER COLUMN family SET DEFAULT '', ALTER COLUMN family SET NOT NULL;
CREATE INDEX event_family_type_id_idx ON event (family, type, id);
CREATE INDEX event_created_at_idx ON event (created_at);

ALTER TABLE webhook
  -- No delivery has succeeded since, and why.
  ADD COLUMN failing_since timestamptz(3),
  ADD COLUMN error text,
  -- Nothing is recorded for it and nothing sent since.
  ADD COLUMN disabled_at timestamptz(3);

CREATE TABLE webhook_line (
  -- No foreign key: its check would make a picture's record fail when a webhook is deleted meanwhile.
  webhook_id integer NOT NULL,
  family text NOT NULL,
  -- Delivered or dead up to here.
  after_event_id bigint NOT NULL,
  -- Events to be delivered, replayed ones with them.
  waiting integer NOT NULL,
  -- Failed ones of the next event.
  attempts integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz(3) NOT NULL,
  -- A worker sends from it until then. A time already passed: it died, and the event in hand is sent again.
  claimed_until timestamptz(3),
  PRIMARY KEY (webhook_id, family)
);
CREATE INDEX webhook_line_due_idx ON webhook_line (webhook_id, next_attempt_at) WHERE waiting > 0;

CREATE TABLE dead_letter (
  id SERIAL PRIMARY KEY,
  webhook_id integer NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
  event_id bigint NOT NULL REFERENCES event (id) ON DELETE CASCADE,
  family text NOT NULL,
  attempts integer NOT NULL,
  -- Of the last answer; null where none came.
  status integer,
  error text NOT NULL,
  -- It stands in its line again, before all that came after it.
  replaying boolean NOT NULL DEFAULT false,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX dead_letter_webhook_id_event_id_key ON dead_letter (webhook_id, event_id);
CREATE INDEX dead_letter_replaying_idx ON dead_letter (webhook_id, family, event_id) WHERE replaying;
CREATE INDEX dead_letter_webhook_id_id_idx ON dead_letter (webhook_id, id);
CREATE INDEX dead_letter_event_id_idx ON dead_letter (event_id);
