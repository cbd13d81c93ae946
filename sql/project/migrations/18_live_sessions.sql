-- A sign-in looks at the live sessions of its user, and read all that had ended with them. A refresh changes none of
-- these columns and so writes no index; the end of a session does. For all sessions, since the deletion of a user
-- looks for those that ended, too.
create index sessions_user_id_revoked_at_created_at_idx on sessions (user_id, revoked_at, created_at);
drop index sessions_user_id_created_at_idx;
