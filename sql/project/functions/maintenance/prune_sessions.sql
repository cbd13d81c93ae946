-- Forgets sessions that ended more than 7 days ago, from the block p_from: {deleted, next}; at most p_limit of
-- them, and of their refresh tokens. A session may have had thousands: those go first, and it goes when it has
-- none. No token of a session that lives is touched, however old: each, when it comes again, ends the session.
-- Waits for nobody. What it locks, it locks in the order of a refresh, and a refresh that waits for it finds no
-- token.

create or replace function prune_sessions(p_limit integer, p_from bigint) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_blocks constant tid[] := blocks_from(p_from);
  v_settings settings;
  v_ended uuid[];
  v_tokens integer;
  v_deleted integer;
begin
  select * into strict v_settings from settings;
  v_ended := array(
    select s.id from sessions s
    where s.ctid >= v_blocks[1] and s.ctid < v_blocks[2]
      and session_end(s, v_settings) < clock_timestamp() - interval '7 days'
    limit p_limit
    for update skip locked
  );
  if cardinality(v_ended) = 0 then
    return jsonb_build_object('deleted', 0, 'next', next_blocks('sessions', p_from, false));
  end if;

  delete from refresh_tokens where id = any (array(
    select t.id from refresh_tokens t where t.session_id = any (v_ended) limit p_limit
  ));
  get diagnostics v_tokens = row_count;
  -- Not by the cascade, which would wait for a code that somebody brings a second time.
  delete from authorization_codes where id = any (array(
    select c.id from authorization_codes c where c.session_id = any (v_ended) for update skip locked
  ));
  delete from sessions s where s.id = any (v_ended)
    and not exists (select from refresh_tokens t where t.session_id = s.id)
    and not exists (select from authorization_codes c where c.session_id = s.id);
  get diagnostics v_deleted = row_count;
  -- One that lost some of its tokens does not live again, whatever the settings become.
  update sessions s set revoked_at = session_end(s, v_settings), revoked_because = 'expired'
  where s.id = any (v_ended) and s.revoked_at is null;
  return jsonb_build_object(
    'deleted', v_deleted + v_tokens,
    'next', next_blocks('sessions', p_from, v_tokens >= p_limit or v_deleted >= p_limit)
  );
end
$$;
