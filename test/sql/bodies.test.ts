import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { callStatement, callValues } from "../../src/database/calls.ts";
import type { Database } from "../../src/database/database.ts";
import {
  type Caller,
  type GrantedClaims,
  projectFunctions,
  registryFunctions,
} from "../../src/database/functions.ts";
import { hashProof } from "../../src/passwords/proof.ts";
import { newRefreshToken, wrapUnder } from "../../src/tokens/refresh_token.ts";
import { catalogueFunctions } from "../support/catalogue.ts";
import { naming, plainly } from "../support/own_names.ts";
import { createTestProject, freshEmail, inTransaction, type Query } from "../support/project.ts";
import { openService } from "../support/service.ts";
import { callAdmin, callKeys, callProviders, callTriggers } from "./calls/administrators.ts";
import { callAnonymous, callCustomClaims, callIdentities } from "./calls/identities.ts";
import { callMail, callOutbox } from "./calls/mail.ts";
import { accepted, asOwner, client, passwordHash } from "./calls/shared.ts";

const newHash = `$2a$11$${"abcdefghijklmnopqrstuu"}${"y".repeat(31)}`;

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
      // Mails that other tests left would be claimed before those of this one.
      await query("delete from miosa_auth.outbox");
      await callAll(naming(query, project.id), project.id);
      await query("reset role");
      const called = await query<{ name: string }>(
        "select funcname::text as name from pg_stat_xact_user_functions where schemaname in ($1, 'miosa_auth')",
        [project.id],
      );
      const names = new Set(called.map(({ name }) => plainly(name, project.id)));
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
  const unused = accepted<{ attempt: string }>(await f.passwordSalt({ email, client })).attempt;
  expect(await f.returnAttempt(unused)).toEqual({ outcome: null, returned: true });
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
  await query("reset role");
  await query(`update ${id}.sessions set revoked_at = now() - interval '8 days'
    where id = '${other.session_id}'`);
  expect(await registryFunctions(asRuntime).claimPruning()).toEqual(expect.any(String));
  expect(await f.prune(10, null)).toEqual({ deleted: { sessions: 2 }, next: null });

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

function unsigned(claims: GrantedClaims): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
}
