import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { callStatement, callValues } from "../../src/database/calls.ts";
import type { Database } from "../../src/database/database.ts";
import {
  type Caller,
  type GrantedClaims,
  type ProjectFunctions,
  projectFunctions,
  registryFunctions,
  type UserJson,
} from "../../src/database/functions.ts";
import { outboxFunctions } from "../../src/database/outbox_functions.ts";
import { hashProof } from "../../src/passwords/proof.ts";
import { newRefreshToken, wrapUnder } from "../../src/tokens/refresh_token.ts";
import { refusal } from "../support/app_role.ts";
import { catalogueFunctions } from "../support/catalogue.ts";
import { createTestProject, freshEmail, inTransaction, type Query } from "../support/project.ts";
import { openService } from "../support/service.ts";

const passwordHash = `$2a$10$${"abcdefghijklmnopqrstuu"}${"x".repeat(31)}`;
const newHash = `$2a$11$${"abcdefghijklmnopqrstuu"}${"y".repeat(31)}`;
const client = { address: "203.0.113.9", userAgent: "test" };

describe("the bodies of the functions, which are not checked when a project is created", () => {
  it("are all valid when they are checked", async () => {
    const service = await openService();
    const { id } = await createTestProject();
    for (const schema of [id, "miosa_auth"]) {
      const functions = await catalogueFunctions(service.engine, schema);
      expect(functions.length).toBeGreaterThan(5);
      await inTransaction(service, async (query) => {
        await query(`set local search_path = ${schema}, pg_temp`);
        await query(`set local role ${functions[0]?.owner}`);
        await query("set local check_function_bodies = on");
        for (const { definition } of functions) await query(definition);
        await query("rollback");
      });
    }
  });

  it("run, called once each as the role that may", async () => {
    const service = await openService();
    const project = await createTestProject();
    await inTransaction(service, async (query) => {
      await query("set local track_functions = 'all'");
      await callAll(query, project.id);
      await query("reset role");
      const called = await query<{ name: string }>(
        "select funcname::text as name from pg_stat_xact_user_functions where schemaname in ($1, 'miosa_auth')",
        [project.id],
      );
      const names = new Set(called.map(({ name }) => name));
      const all = [
        ...(await catalogue(query, project.id)),
        ...(await catalogue(query, "miosa_auth")),
      ];
      // Postgres does not count a function in SQL that it inlines; those bodies are checked above.
      const uncalled = all.filter(
        ({ name, language, config }) =>
          !names.has(name) && (language === "plpgsql" || config.length > 0),
      );
      expect(uncalled.map(({ signature }) => signature)).toEqual([]);
      await query("rollback");
    });
  });
});

function catalogue(query: Query, schema: string) {
  return catalogueFunctions({ query } as never, schema);
}

async function callAll(query: Query, id: string): Promise<void> {
  const asRuntime: Database = {
    engine: "embedded",
    async call<T>(call: Parameters<Database["call"]>[0]) {
      await query("set local role miosa_auth_runtime");
      const [row] = await query<{ value: T }>(callStatement(call), callValues(call));
      return row?.value as T;
    },
    transaction: () => Promise.reject(new Error("not here")),
    close: async () => {},
  };
  const f = projectFunctions(asRuntime, id);
  expect(await registryFunctions(asRuntime).findProject(id)).toMatchObject({ id });
  expect(await f.configuration()).toMatchObject({ bcrypt_cost: 10 });

  const email = freshEmail();
  const token = newRefreshToken();
  const person = {
    email,
    emailAsTyped: email,
    passwordHash,
    userMetadata: { a: 1 },
    mail: null,
    client,
  };
  const signedUp = await f.signup({ ...person, tokenHash: token.hash });
  const { claims } = accepted<{ claims: GrantedClaims }>(signedUp);
  const caller: Caller = { sessionId: claims.session_id, userId: claims.sub };
  expect(await f.signup({ ...person, tokenHash: newRefreshToken().hash })).toEqual({
    outcome: "user_already_exists",
  });

  const { attempt } = accepted<{ attempt: string }>(await f.passwordSalt({ email, client }));
  const proof = hashProof(passwordHash);
  const second = newRefreshToken();
  const login = { attempt, email, proof, tokenHash: second.hash, client };
  const other = accepted<{ claims: GrantedClaims }>(await f.login(login)).claims;
  expect(await f.login(login)).toEqual({ outcome: "invalid_credentials" });
  const renewal = { userId: caller.userId, proof, passwordHash: newHash };
  expect(await f.renewPasswordHash(renewal)).toEqual({ outcome: null, renewed: true });

  const child = newRefreshToken();
  const offer = {
    tokenHash: token.hash,
    childHash: child.hash,
    childWrapped: wrapUnder(token, child.secret),
    client,
  };
  expect(await f.refresh(offer)).toMatchObject({ outcome: null, recovered: null });
  expect(await f.refresh(offer)).toMatchObject({
    outcome: null,
    recovered: offer.childWrapped.toString("hex"),
  });

  expect(await f.getUser(caller)).toMatchObject({ user: { email } });
  expect(await f.listSessions(caller)).toMatchObject({ sessions: [{}, {}] });
  expect(await f.revokeSession({ caller, target: other.session_id, client })).toEqual({
    outcome: null,
    revoked: true,
  });
  const own = accepted<{ attempt: string }>(
    await f.ownPasswordSalt({ caller, isGuess: true, client }),
  );
  expect(
    await f.updateUser({
      caller,
      email: null,
      emailAsTyped: null,
      nonceMacs: null,
      mail: null,
      userMetadata: { b: 2 },
      passwordHash,
      attempt: own.attempt,
      currentProof: hashProof(newHash),
      newProof: createHash("sha256").digest(),
      client,
    }),
  ).toMatchObject({ outcome: null, user: { user_metadata: { a: 1, b: 2 } } });

  const moved = await callMail(f, email, caller);
  await callOutbox(asRuntime);

  await asOwner(query, id);
  await query(`select set_config('jwt.token', $1, true)`, [unsigned(claims)]);
  await query("select set_config('request.jwt.claims', $1, true)", [JSON.stringify(claims)]);
  const [identity] = await query(
    "select uid(), verified_uid(), live_uid(), session_id(), role(), aal(), email(), subject(), claims()",
  );
  expect(identity).toEqual({
    uid: claims.sub,
    verified_uid: claims.sub,
    live_uid: claims.sub,
    session_id: claims.session_id,
    role: "authenticated",
    aal: "aal1",
    email,
    subject: claims.sub,
    claims,
  });
  await callTriggers(query);
  await callKeys(query);
  await callAdmin(query);
  await query('select change_settings(\'{"email_confirmation": "required"}\')');
  const words = { purpose: "recovery", language: "en", subject: "s", html: "h", text: "t" };
  await query("select set_mail_templates($1::jsonb)", [JSON.stringify([words])]);
  const [removed] = await query("select remove_mail_templates('recovery', null) as removed");
  expect(removed).toEqual({ removed: [{ purpose: "recovery", language: "en" }] });
  await callProviders(query);
  await callAnonymous(query, id, f);
  await callIdentities(query, id, f);
  await callCustomClaims(query);
  const [settings] = await query("select read_settings() ->> 'email_confirmation' as confirmation");
  expect(settings).toEqual({ confirmation: "required" });

  expect(
    await f.signup({ ...person, email: moved, tokenHash: newRefreshToken().hash }),
  ).toMatchObject({
    outcome: null,
    user: { email: moved },
  });
  expect(
    await f.logout({ sessionId: caller.sessionId, tokenHash: null, scope: "others", client }),
  ).toEqual({ outcome: null, ended: 1 });
  expect(await f.deleteUser({ caller, attempt: null, currentProof: null, client })).toEqual({
    outcome: null,
  });

  await query("reset role");
  await query("set local search_path = miosa_auth, pg_temp");
  await query("set local role miosa_auth_admin");
  await query("select register_project('another', owner_role_name('another'), 'r1')");
  await query("select record_release('another', 'r2')");
  const [listed] = await query(
    'select list_projects() @> \'[{"id": "another", "release": "r2"}]\' as listed',
  );
  expect(listed).toEqual({ listed: true });
  await query("select forget_project('another')");

  await query("create schema step_of_the_test");
  await query(
    "create table step_of_the_test.step (statement text, parameters text[], place integer, answer json)",
  );
  await query("insert into step_of_the_test.step values ('select $1 as said', '{aye}')");
  await query("select run_owner_step('step_of_the_test', 'miosa_auth', true)");
  const [said] = await query("select answer from step_of_the_test.step where place = 1");
  expect(said).toEqual({ answer: { said: "aye" } });
}

async function callMail(f: ProjectFunctions, email: string, caller: Caller): Promise<string> {
  const bytes = () => randomBytes(32);
  const offer = () => ({
    token_hash: bytes().toString("hex"),
    code_mac: bytes().toString("hex"),
    payload: "00",
    code_challenge: null,
  });
  const done = { outcome: null };
  const person = { email, emailAsTyped: email, userMetadata: null, client };
  const recovery = offer();
  expect(await f.requestRecovery({ email, mail: recovery, client })).toEqual(done);
  expect(await f.requestRecovery({ email: freshEmail(), mail: offer(), client })).toEqual(done);
  const other = freshEmail();
  const stranger = { ...person, email: other, emailAsTyped: other };
  const signIn = offer();
  expect(await f.requestSignIn({ ...stranger, createsUser: true, mail: signIn })).toEqual(done);
  const waiting = { outcome: "over_email_send_rate_limit" };
  expect(await f.resendMail({ purpose: "signup", email, mail: offer(), client })).toMatchObject(
    waiting,
  );
  expect(await f.requestReauthentication({ caller, mail: offer(), client })).toMatchObject(waiting);
  const third = freshEmail();
  expect(
    await f.inviteUser({ ...stranger, email: third, emailAsTyped: third, mail: offer() }),
  ).toMatchObject({ user: { email: third } });

  const mail = { new: offer(), current: offer() };
  const unchanged = { passwordHash: null, attempt: null, currentProof: null, newProof: null };
  const moved = freshEmail();
  expect(
    await f.updateUser({
      ...person,
      ...unchanged,
      caller,
      email: moved,
      emailAsTyped: moved,
      nonceMacs: null,
      mail,
    }),
  ).toMatchObject({ user: { new_email: moved } });
  expect(
    await f.verifyLink({
      purposes: ["email_change"],
      tokenHash: Buffer.from(mail.new.token_hash, "hex"),
      refreshHash: bytes(),
      codeHash: null,
      client,
    }),
  ).toMatchObject({ user: { email: moved } });

  const hash = Buffer.from(signIn.token_hash, "hex");
  expect(await f.startTokenLife(hash)).toBe(true);
  expect(await f.mailConfiguration()).toMatchObject({ transport: null, templates: [] });
  const link = { tokenHash: hash, refreshHash: bytes(), codeHash: null, client };
  expect(await f.verifyLink({ ...link, purposes: ["recovery"] })).toEqual({
    outcome: "otp_expired",
  });
  expect(await f.verifyLink({ ...link, purposes: ["magiclink"] })).toMatchObject(done);
  const guess = { email, refreshHash: bytes(), client };
  expect(await f.verifyCode({ ...guess, candidates: { recovery: [] } })).toEqual({
    outcome: "otp_expired",
  });
  expect(await f.linkAccount({ purposes: ["recovery"], tokenHash: hash })).toEqual({
    outcome: "otp_expired",
  });
  expect(await f.checkRecoveryCode({ email, macs: [], client })).toEqual({
    outcome: "otp_expired",
  });
  expect(
    await f.resetPassword({
      tokenHash: hash,
      attempt: null,
      email: null,
      macs: null,
      passwordHash,
      refreshHash: bytes(),
      client,
    }),
  ).toEqual({ outcome: "otp_expired" });
  expect(
    await f.exchangeCode({ codeHash: bytes(), codeChallenge: "", refreshHash: bytes(), client }),
  ).toEqual({ outcome: "flow_state_not_found" });
  expect(
    await f.codeForSession({ refreshHash: bytes(), codeHash: bytes(), codeChallenge: "", client }),
  ).toEqual({ outcome: "session_not_found" });
  return moved;
}

async function callOutbox(database: Database): Promise<void> {
  const outbox = outboxFunctions(database);
  const [mail] = await outbox.claim(1, 90);
  if (!mail) throw new Error("no mail waits");
  expect(await outbox.defer(mail, "no transport", 0)).toBe(true);
  const [again] = await outbox.claim(1, 90);
  if (!again) throw new Error("no mail waits");
  expect(await outbox.postpone(mail, "timeout", false)).toBe(null);
  expect(await outbox.release(again)).toBe(true);
  const [last] = await outbox.claim(1, 90);
  if (!last) throw new Error("no mail waits");
  expect(await outbox.settle(last)).toBe(true);
  expect(await outbox.prune(10)).toBe(0);
}

async function callTriggers(query: Query): Promise<void> {
  await query(`create function followed() returns trigger language plpgsql
    security definer set search_path from current as $$ begin return null; end $$`);
  const [row] = await query<{ owner: string }>("select quote_literal(current_user) as owner");
  await query(`create trigger a after update on users for each row
    execute function guard_application_trigger('b', ${row?.owner})`);
  await query("create trigger b after update on users for each row execute function followed()");
  await query("update users set role = role");
}

async function callAnonymous(query: Query, id: string, f: ProjectFunctions): Promise<void> {
  await query("select change_settings('{\"anonymous_users\": true}')");
  const tokenHash = newRefreshToken().hash;
  expect(await f.signInAnonymously({ userMetadata: null, tokenHash, client })).toMatchObject({
    outcome: null,
    claims: { is_anonymous: true },
  });
  await asOwner(query, id);
  const prune = "select delete_anonymous_users('0 s', 10, null) as pruned";
  expect(await query(prune)).toEqual([{ pruned: { deleted: 1, held: 0, after: null } }]);
}

async function callIdentities(query: Query, id: string, f: ProjectFunctions): Promise<void> {
  const bytes = () => randomBytes(32);
  await query("select change_settings('{\"manual_linking\": true}')");
  await query(
    "insert into providers (name, kind, client_id, sealed) values ('acme', 'oidc', 'c', '\\x00')",
  );
  const acme = { provider: "acme", issuer: "https://acme.example", data: { name: "A" } };
  const identity = { ...acme, subject: "1", email: null, nonce_hashes: [bytes().toString("hex")] };
  const entrance = { refreshHash: bytes(), code: null, client };
  const { claims } = accepted<{ claims: GrantedClaims }>(
    await f.signInWithIdentity({ ...entrance, identity }),
  );
  expect(await f.signInWithIdentity({ ...entrance, identity })).toEqual({
    outcome: "bad_oauth_callback",
  });

  const caller = { sessionId: claims.session_id, userId: claims.sub };
  const [hash, challenge] = [bytes(), "a".repeat(43)];
  const linking = { identity: { ...acme, subject: "2", email: freshEmail() }, caller };
  const code = { hash: hash.toString("hex"), challenge, tokens: null };
  expect(await f.linkIdentity({ ...entrance, ...linking, code })).toEqual({
    outcome: null,
    code: true,
  });
  const offer = { codeHash: hash, codeChallenge: challenge, refreshHash: bytes(), client };
  const { user } = accepted<{ user: UserJson }>(await f.exchangeCode(offer));
  const [first] = user.identities;
  expect(user).toMatchObject({ email: linking.identity.email, identities: [{}, {}] });
  const unlinking = { caller, identityId: first?.identity_id ?? "", client };
  expect(await f.unlinkIdentity(unlinking)).toEqual({ outcome: null });

  const flow = { stateHash: bytes(), browserHash: bytes() };
  const request = { provider: "acme", redirectTo: null, codeChallenge: null, sealed: bytes() };
  expect(await f.beginOAuthFlow({ ...flow, ...request, caller: null, client })).toEqual({
    outcome: null,
  });
  expect(await f.takeOAuthFlow(flow)).toMatchObject({ outcome: null, provider: "acme" });
  expect(await f.takeOAuthFlow(flow)).toEqual({ outcome: "bad_oauth_state" });
  expect(await f.providerConfiguration("acme")).toMatchObject({ client_id: "c" });
  await asOwner(query, id);
}

// A function of Postgres's own stands in for an application's: it is not SECURITY DEFINER.
async function callCustomClaims(query: Query): Promise<void> {
  const call = "select with_custom_claims('pg_catalog.jsonb_typeof(jsonb)', '{}')";
  expect(await refusal(query, call)).toBe("MA903");
}

async function callProviders(query: Query): Promise<void> {
  const set =
    "select set_provider('acme', 'oidc', 'https://acme.example', 'c', '\\x00', '{a}', '{}') as replaced";
  expect(await query(set)).toEqual([{ replaced: false }]);
  expect(await query(set)).toEqual([{ replaced: true }]);
  expect(await query("select list_providers() -> 0 ->> 'name' as name")).toEqual([
    { name: "acme" },
  ]);
  expect(await query("select remove_provider('acme') as removed")).toEqual([{ removed: true }]);
}

async function callKeys(query: Query): Promise<void> {
  const sealed = "'HS256', '\\x00', null";
  await query(`select publish_jwt_key('key-of-the-test-1', ${sealed}, false)`);
  const [activated] = await query("select activate_jwt_key(60) ->> 'kid' as kid");
  expect(activated).toEqual({ kid: "key-of-the-test-1" });
  await query(`select replace_jwt_keys('key-of-the-test-2', ${sealed})`);
}

async function callAdmin(query: Query): Promise<void> {
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
  expect(await value(`admin_delete_user('${email}')`)).toMatchObject({ outcome: null });
}

async function asOwner(query: Query, schema: string): Promise<void> {
  await query("reset role");
  const [row] = await query<{ owner: string }>(
    "select nspowner::regrole::text as owner from pg_namespace where nspname = $1",
    [schema],
  );
  await query(`set local search_path = ${schema}, pg_temp`);
  await query(`set local role ${row?.owner}`);
}

/** The helpers look at the payload and its MAC, never at the outer signature. */
function unsigned(claims: GrantedClaims): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
}

function accepted<T>(result: { outcome: string | null }): T {
  expect(result).toMatchObject({ outcome: null });
  return result as T;
}
