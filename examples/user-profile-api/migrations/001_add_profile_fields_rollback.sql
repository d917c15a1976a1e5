-- 001_add_profile_fields_rollback.sql
ALTER TABLE users
  DROP COLUMN bio,
  DROP COLUMN updated_at;
