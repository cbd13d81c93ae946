-- Counts one request of a client address in the running window of 5 minutes. Returns the seconds to
-- wait once the limit is passed, else null. A caller without an address, and a limit of 0, pass.
-- Locks the address's row until commit; taken before any other lock, everywhere.

create or replace function spend_rate(p_kind text, p_client inet, p_limit integer) returns integer
language plpgsql volatile security invoker
as $$
declare
  c_window constant interval := interval '5 minutes';
  v_now timestamptz := clock_timestamp();
  v_rate request_rates;
begin
  if p_client is null or p_limit = 0 then
    return null;
  end if;

  insert into request_rates as r (kind, bucket, window_started_at, hits)
  values (p_kind, client_bucket(p_client), v_now, 1)
  on conflict (kind, bucket) do update set
    hits = case when r.window_started_at <= v_now - c_window then 1 else least(r.hits, p_limit) + 1 end,
    window_started_at = case when r.window_started_at <= v_now - c_window then v_now else r.window_started_at end
  returning * into v_rate;

  if v_rate.hits <= p_limit then
    return null;
  end if;
  return greatest(1, ceil(extract(epoch from v_rate.window_started_at + c_window - v_now)));
end
$$;
