-- A tiny picture that stands for an item's pictures, and whether drawing it takes long: it then waits in a lane of its own.
ALTER TABLE item ADD COLUMN placeholder bytea, ADD COLUMN is_slow boolean NOT NULL DEFAULT false;
