-- Marks a token used and stores its one child. Raises MA902 when the lock was not held.
--
-- Takes the offered child; the caller holds the session's row. A wrapped token is erased once it has
-- been used and can no longer be asked for, so a dump does not lead from an old token to a new one:
-- when it is used, or by the rotation of its child. After rotations in a hurry, earlier ones may
-- stay; they lead to used tokens alone, since the way on from there is erased.
-- A rotation that is not of a late recovery's child ends the row of late recoveries.

create or replace function rotate_token(
  p_session sessions, p_token refresh_tokens, p_child_hash bytea, p_child_wrapped bytea
) returns void
language plpgsql volatile security invoker
as $$
declare
  v_now timestamptz := clock_timestamp();
begin
  update refresh_tokens set
    used_at = v_now,
    wrapped = case when is_recent(created_at, v_now) then wrapped end
  where id = p_token.id and used_at is null;
  if not found then
    raise exception 'a refresh token was used twice under one lock' using errcode = 'MA902';
  end if;

  insert into refresh_tokens (session_id, parent_id, token_hash, wrapped, created_at)
  values (p_session.id, p_token.id, p_child_hash, p_child_wrapped, v_now);
  update refresh_tokens set wrapped = null
  where id = p_token.parent_id and wrapped is not null and not is_recent(created_at, v_now);

  if p_session.late_recoveries > 0 and p_session.recovered_token_id is distinct from p_token.parent_id then
    update sessions set late_recoveries = 0, recovered_token_id = null where id = p_session.id;
  end if;
end
$$;
