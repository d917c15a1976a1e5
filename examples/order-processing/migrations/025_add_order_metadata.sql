-- 025_add_order_metadata.sql
-- Adds what the new inventory integration notes of an order. May be run again: it does nothing where the column is there.

ALTER TABLE orders
  ADD COLUMN IF NOT EXISTS order_metadata JSONB NOT NULL DEFAULT '{}';
