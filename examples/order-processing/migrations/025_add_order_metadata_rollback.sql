-- 025_add_order_metadata_rollback.sql
-- Drops the column, and with it what the new version has written into it.

ALTER TABLE orders
  DROP COLUMN IF EXISTS order_metadata;
