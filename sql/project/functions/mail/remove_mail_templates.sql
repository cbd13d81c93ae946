-- For administrators, as the schema's owner. Goes back to the release's words for a purpose, in one
-- language or, with p_language null, in all. Returns what was removed: [{purpose, language}].

create or replace function remove_mail_templates(p_purpose text, p_language text) returns jsonb
language plpgsql volatile security invoker
as $$
declare
  v_removed jsonb;
begin
  with removed as (
    delete from mail_templates
    where purpose = p_purpose and (p_language is null or language = p_language)
    returning purpose, language
  )
  select coalesce(jsonb_agg(to_jsonb(r) order by r.language), '[]') into v_removed from removed r;
  if v_removed <> '[]' then
    perform record_event('mail_templates_changed', null, null, null, jsonb_build_object(
      'names', (select jsonb_agg(r ->> 'purpose' || '.' || (r ->> 'language')) from jsonb_array_elements(v_removed) r),
      'by', session_user
    ));
  end if;
  return v_removed;
end
$$;
