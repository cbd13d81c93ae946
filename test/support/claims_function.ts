import type { AppRole } from "./app_role.ts";

/** Makes an application's function for claims, `claims`, with this body; returns its name. */
export async function makeClaimsFunction(
  owner: AppRole,
  body: string,
  attributes = `security definer set search_path = ${owner.schema}, pg_temp`,
): Promise<string> {
  await owner.transaction((query) =>
    query(`
      create or replace function claims(p_user_id uuid, p_claims jsonb) returns jsonb
      language plpgsql ${attributes} as $$
      ${body}
      $$`),
  );
  return `${owner.schema}.claims`;
}
