-- Who wants to hear of events, and the events themselves, written in the transaction of the change that they tell of.
CREATE TABLE webhook (
  id SERIAL PRIMARY KEY,
  url text NOT NULL,
  -- Signs what is sent.
  secret text NOT NULL,
  types text[] NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE event (
  id BIGSERIAL PRIMARY KEY,
  type text NOT NULL,
  -- The family's unique id: the events of one family are delivered in order. Null where an event is of none.
  family text,
  data jsonb NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
