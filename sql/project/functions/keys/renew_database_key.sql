-- Makes a key of this schema anew, from the same randomness as the migration that made the first one;
-- what was proved with the old one is proved no more.

create or replace function renew_database_key(p_purpose text) returns void
language sql volatile security invoker
as $$
  with fresh as materialized (
    select sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) as key
  ),
  pads as (
    select
      string_agg(set_byte('\x00'::bytea, 0, o.octet # 54), ''::bytea order by o.place) as inner_pad,
      string_agg(set_byte('\x00'::bytea, 0, o.octet # 92), ''::bytea order by o.place) as outer_pad
    from (
      select place, case when place < 32 then get_byte(fresh.key, place) else 0 end as octet
      from fresh cross join generate_series(0, 63) as place
    ) as o
  )
  update database_keys k
  set inner_pad = pads.inner_pad, outer_pad = pads.outer_pad, created_at = clock_timestamp()
  from pads
  where k.purpose = p_purpose
$$;
