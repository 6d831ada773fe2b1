-- How far the listing of a bucket was read, so that an interrupted import goes on there. Gone when it has ended.
CREATE TABLE import_cursor (
  source text PRIMARY KEY,
  after_key text NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
