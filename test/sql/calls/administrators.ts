import { expect } from "vitest";
import { freshEmail, type Query } from "../../support/project.ts";

export async function callTriggers(query: Query): Promise<void> {
  await query(`create function followed() returns trigger language plpgsql
    security definer set search_path from current as $$ begin return null; end $$`);
  const [row] = await query<{ owner: string }>("select quote_literal(current_user) as owner");
  await query(`create trigger a after update on users for each row
    execute function guard_application_trigger('b', ${row?.owner})`);
  await query("create trigger b after update on users for each row execute function followed()");
  await query("update users set role = role");
}

export async function callProviders(query: Query): Promise<void> {
  const set =
    "select set_provider('acme', 'oidc', 'https://acme.example', 'c', '\\x00', '{a}', '{}') as replaced";
  expect(await query(set)).toEqual([{ replaced: false }]);
  expect(await query(set)).toEqual([{ replaced: true }]);
  expect(await query("select list_providers() -> 0 ->> 'name' as name")).toEqual([
    { name: "acme" },
  ]);
  expect(await query("select remove_provider('acme') as removed")).toEqual([{ removed: true }]);
}

export async function callKeys(query: Query): Promise<void> {
  const sealed = "'HS256', '\\x00', null";
  await query(`select publish_jwt_key('key-of-the-test-1', ${sealed}, false)`);
  const [activated] = await query("select activate_jwt_key(60) ->> 'kid' as kid");
  expect(activated).toEqual({ kid: "key-of-the-test-1" });
  await query(`select replace_jwt_keys('key-of-the-test-2', ${sealed})`);
}

export async function callAdmin(query: Query): Promise<void> {
  const email = freshEmail();
  const value = async (call: string) => {
    const [row] = await query<{ value: object }>(`select ${call} as value`);
    return row?.value;
  };
  const user = { outcome: null, user: { email } };
  expect(await value(`admin_create_user('${email}', null, null, null, true)`)).toMatchObject(user);
  expect(await value(`admin_get_user('${email}')`)).toMatchObject(user);
  expect(await value(`admin_ban_user('${email}', 60)`)).toMatchObject(user);
  // Two users of one transaction are of one age: which comes first is not said.
  expect(await value("admin_list_users(50, null, null, null)")).toMatchObject({
    users: expect.arrayContaining([expect.objectContaining({ email })]),
  });
  expect(await value(`admin_list_sessions('${email}')`)).toEqual({ outcome: null, sessions: [] });
  expect(await value(`admin_revoke_sessions('${email}')`)).toEqual({ outcome: null, revoked: 0 });
  expect(await value("sign_out_users(1, 'ffffffff-ffff-ffff-ffff-ffffffffffff')")).toEqual({
    users: 0,
    sessions: 0,
    after: null,
  });
  expect(await value(`admin_delete_user('${email}')`)).toMatchObject({ outcome: null });
}
