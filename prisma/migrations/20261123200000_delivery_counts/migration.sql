CREATE TABLE "delivery_count" (
  "hour" TIMESTAMPTZ(3) PRIMARY KEY,
  "stored" BIGINT NOT NULL,
  "made" BIGINT NOT NULL
);
