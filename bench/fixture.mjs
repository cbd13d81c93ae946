// A project of the benchmark's own, and the users that call it.
import { randomBytes } from "node:crypto";
import * as miosa from "miosa-auth";
import { asProjectOwner } from "../dist/src/projects/registry.js";

export const runtimeRole = "miosa_bench_server";
const password = "a perfectly fine phrase";

export async function createFixture(adminUrl, masterKey = miosa.generateMasterKey()) {
  const id = `proj_bench_${randomBytes(4).toString("hex")}`;
  const admin = miosa.connectPostgres({ url: adminUrl, connections: 2 });
  await miosa.prepareDatabase(admin, { runtimeRole });
  await miosa.createProject(admin, { id, keyring: miosa.parseKeyring(masterKey) });
  await miosa.changeSettings(admin, id, {
    logins_per_address: 0,
    signups_per_address: 0,
    // Sign-ins of a whole run must not end the session that another measurement uses.
    sessions_per_user: 10_000,
  });
  const url = new URL(adminUrl);
  url.username = runtimeRole;
  return {
    ...{ id, masterKey, url: url.href },
    run: (sql) => asProjectOwner(admin, id, (tx) => tx.script(sql)),
    async close() {
      await miosa.deleteProject(admin, id);
      await admin.close();
    },
  };
}

/** Signs a user up by HTTP. */
export async function signUp(origin, email, send = fetch) {
  const user = { email, password };
  return Object.assign(user, await session(`${origin}/signup`, user, send));
}

/** A user of a project that no server serves yet. */
export async function firstUser({ url, masterKey, id }) {
  const database = miosa.connectPostgres({ url, connections: 1 });
  const publicUrl = "http://bench.local";
  const auth = miosa.createAuth({ database, masterKey, publicUrl });
  const send = (target, init) => auth.fetch(new Request(target, init));
  try {
    return await signUp(`${publicUrl}/${id}`, "first@example.com", send);
  } finally {
    await auth.close();
    await database.close();
  }
}

/** Gives a user a new session, of which nothing was used yet. */
export async function signIn(origin, user) {
  return Object.assign(user, await session(`${origin}/token`, user));
}

async function session(url, { email }, send = fetch) {
  const reply = await send(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email, password }),
  });
  const body = await reply.json();
  if (!reply.ok) throw new Error(JSON.stringify(body));
  const claims = JSON.parse(Buffer.from(body.access_token.split(".")[1], "base64url"));
  const { access_token: token, refresh_token: refreshToken } = body;
  return { token, refreshToken, user: claims.sub, session: claims.session_id };
}

/** One stored hash for all, so that one proof of it signs each of them in under pgbench. */
export async function shareHash(fixture, { user }) {
  await fixture.run(
    `update users set password_hash = (select password_hash from users where id = '${user}')
     where password_hash is not null`,
  );
}

/** Users with the password of one; signing them up would be the storm itself. */
export async function copyUser(fixture, { user, password: shared }, count) {
  await fixture.run(
    `insert into users (email, password_hash)
     select format('copy.%s@example.com', n), password_hash from users, generate_series(1, ${count}) n
     where id = '${user}'`,
  );
  return Array.from({ length: count }, (_, n) => ({
    email: `copy.${n + 1}@example.com`,
    password: shared,
  }));
}

/** Chains of refresh tokens that pgbench can compute: SHA-256 of a name and a number. */
export async function seedChains(fixture, { user }, clients, round) {
  await fixture.run(
    `with s as (insert into sessions (user_id) select '${user}'::uuid from generate_series(1, ${clients}) returning id)
     insert into refresh_tokens (session_id, token_hash)
     select s.id, sha256(convert_to(format('%s:%s:0', ${round}, row_number() over () - 1), 'UTF8')) from s`,
  );
}
