-- 001_add_profile_fields.sql
-- Adds bio and updated_at fields to users table

ALTER TABLE users
  ADD COLUMN bio VARCHAR(500) DEFAULT '',
  ADD COLUMN updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP;

-- Backfill updated_at
UPDATE users SET updated_at = created_at WHERE updated_at IS NULL;
