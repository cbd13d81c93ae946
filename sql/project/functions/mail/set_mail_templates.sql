-- For administrators, as the schema's owner. Puts templates in place of earlier ones of the same purpose
-- and language; others stay. p_templates is an array of rows of mail_templates, checked by whoever calls:
-- whether they can be rendered is not known here.
-- Raises MA901 when all together are more than two million characters: servers read them every few
-- seconds.

create or replace function set_mail_templates(p_templates jsonb) returns void
language plpgsql volatile security invoker
as $$
begin
  insert into mail_templates
  select (jsonb_populate_recordset(null::mail_templates, p_templates)).*
  on conflict (purpose, language) do update
    set subject = excluded.subject, html = excluded.html, text = excluded.text;
  if (select sum(length(html) + length(text)) from mail_templates) > 2000000 then
    raise exception 'the templates are too long together' using errcode = 'MA901';
  end if;
  perform record_event('mail_templates_changed', null, null, null, jsonb_build_object(
    'names', (
      select coalesce(jsonb_agg(t ->> 'purpose' || '.' || (t ->> 'language') order by t ->> 'purpose', t ->> 'language'), '[]')
      from jsonb_array_elements(p_templates) t
    ),
    'by', session_user
  ));
end
$$;
