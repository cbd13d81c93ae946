import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import {
  readCustomClaims,
  removeCustomClaims,
  setCustomClaims,
} from "../../src/projects/custom_claims.ts";
import { assignSettings, changeSettings } from "../../src/projects/settings.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { claimsOf, identityOf } from "../support/access_tokens.ts";
import { type AppRole, createAppRole } from "../support/app_role.ts";
import { makeClaimsFunction } from "../support/claims_function.ts";
import { createTestProject, goodPassword, type TestProject } from "../support/project.ts";

let project: TestProject;
let owner: AppRole;

beforeEach(async () => {
  project = await createTestProject();
  owner = await createAppRole(project);
  await project.sql(`grant usage on schema ${owner.schema} to miosa_auth_project`);
});

async function useFunction(body: string): Promise<void> {
  const name = await makeClaimsFunction(owner, body);
  await setCustomClaims(project.service.admin, project.id, name);
}

const refresh = (refresh_token: string) =>
  project.post<SessionReply>("/refresh", { refresh_token });

describe("claims of an application's own", () => {
  it("are in the tokens of sign-up, sign-in and refresh, beside the product's", async () => {
    await useFunction(
      "begin return p_claims || jsonb_build_object('tenant', 'acme', 'of', p_user_id); end",
    );
    const signedUp = await project.signUp();
    const { email, id } = signedUp.user;
    const signedIn = await project.post<SessionReply>("/token", { email, password: goodPassword });
    const refreshed = await refresh(signedUp.refresh_token);
    for (const session of [signedUp, signedIn.body, refreshed.body]) {
      expect(claimsOf(session.access_token)).toMatchObject({
        tenant: "acme",
        of: id,
        sub: id,
        email,
        role: "authenticated",
      });
    }
    const own = await project.request("/user", { token: refreshed.body.access_token });
    expect(own.status).toBe(200);
  });

  it("may leave metadata out, and are read anew for each token", async () => {
    await useFunction('begin return \'{"plan": "free"}\'; end');
    const { access_token, refresh_token } = await project.signUp({ data: { name: "Ada" } });
    expect(claimsOf(access_token)).toMatchObject({ plan: "free" });
    expect(claimsOf(access_token)).not.toHaveProperty("user_metadata");
    await makeClaimsFunction(owner, 'begin return \'{"plan": "paid"}\'; end');
    const { body } = await refresh(refresh_token);
    expect(claimsOf(body.access_token)).toMatchObject({ plan: "paid" });
    await removeCustomClaims(project.service.admin, project.id);
    const last = await refresh(body.refresh_token);
    expect(claimsOf(last.body.access_token)).not.toHaveProperty("plan");
  });

  it("cannot change what identity and session rest on", async () => {
    const forged = {
      iss: "https://evil.example",
      sub: randomUUID(),
      aud: "other",
      exp: 4102444800,
      iat: 1,
      nbf: 1,
      jti: "a",
      session_id: randomUUID(),
      role: "service_role",
      aal: "aal2",
      amr: [],
      is_anonymous: true,
      db_mac: "a".repeat(43),
      email: "root@victim.example",
      phone: "+1555",
    };
    await useFunction(`begin return '${JSON.stringify({ ...forged, mine: 1 })}'; end`);
    const { access_token, user, expires_in } = await project.signUp();
    const claims = { ...claimsOf(access_token) } as Record<string, unknown>;
    expect(claims).toMatchObject({
      iss: project.authUrl,
      sub: user.id,
      aud: "authenticated",
      role: "authenticated",
      aal: "aal1",
      is_anonymous: false,
      email: user.email,
      phone: "",
      mine: 1,
    });
    expect(expires_in).toBe(3600);
    for (const name of ["exp", "iat", "jti", "session_id", "amr", "db_mac"] as const) {
      expect(claims[name]).not.toEqual(forged[name]);
    }
    expect(claims).not.toHaveProperty("nbf");
  });

  it("do not blind verified_uid(), also where they look like others inside", async () => {
    const other = randomUUID();
    const nested = { sub: other, session_id: other, exp: 1, role: "x", aal: "y", db_mac: "z" };
    await useFunction(
      `begin return '${JSON.stringify({
        act: nested,
        a: JSON.stringify(nested),
        __proto__: null,
        Z: [nested],
      })}'::jsonb || jsonb_build_object('__proto__', '${JSON.stringify(nested)}'::jsonb); end`,
    );
    const { access_token, user } = await project.signUp();
    expect(claimsOf(access_token)).toMatchObject({ act: nested, Z: [nested] });
    const identity = await owner.transaction((query) => identityOf(query, project, access_token));
    expect(identity).toEqual({ verified: user.id, live: user.id });
  });

  it("write in the application's own tables, in the token's own transaction", async () => {
    await owner.transaction((query) =>
      query("create table issued (user_id uuid, ran_as text default current_user)"),
    );
    await useFunction(`begin
      insert into issued (user_id) values (p_user_id);
      if p_claims -> 'user_metadata' ? 'fail' then raise exception 'no'; end if;
      return p_claims;
    end`);
    const { user } = await project.signUp();
    const refused = await project.post("/signup", {
      email: `fail.${user.email}`,
      password: goodPassword,
      data: { fail: true },
    });
    expect(refused.status).toBe(500);
    expect(await project.sql(`select * from ${owner.schema}.issued`)).toEqual([
      { user_id: user.id, ran_as: owner.name },
    ]);
  });

  it("run what their writes defer as their owner, before the token is issued", async () => {
    await owner.transaction(async (query) => {
      await query("create table issued (user_id uuid)");
      await query("create table seen (who text)");
      await query(`create function see() returns trigger language plpgsql as $$
        begin insert into ${owner.schema}.seen values (current_user); return null; end $$`);
      await query(`create constraint trigger see after insert on issued
        deferrable initially deferred for each row execute function see()`);
    });
    await useFunction(
      "begin insert into issued values (p_user_id); return p_claims || '{\"ok\": true}'; end",
    );
    expect(claimsOf((await project.signUp()).access_token)).toMatchObject({ ok: true });
    expect(await project.sql(`select who from ${owner.schema}.seen`)).toEqual([
      { who: owner.name },
    ]);
  });

  it("fail when a constraint that they deferred does not hold", async () => {
    await owner.transaction((query) =>
      query("create table issued (n int unique deferrable initially deferred)"),
    );
    await useFunction(`begin
      set constraints all deferred;
      insert into issued values (1), (1);
      return p_claims;
    end`);
    const email = "deferred@app.example";
    const reply = await project.post("/signup", { email, password: goodPassword });
    expect(reply.body).toMatchObject({ error_code: "custom_claims_failed" });
    expect(await project.sql("select from users")).toEqual([]);
  });

  it.each(["reset role", "set role miosa_auth_admin", "set session authorization postgres"])(
    "cannot become another role: %s",
    async (statement) => {
      await useFunction(`begin
        begin
          execute '${statement}';
        exception when others then null;
        end;
        return jsonb_build_object('ran_as', current_user);
      end`);
      const { access_token } = await project.signUp();
      expect(claimsOf(access_token)).toMatchObject({ ran_as: owner.name });
    },
  );

  it("see nothing of the project but what they are given", async () => {
    await useFunction(`begin
      perform from ${project.id}.users;
      return p_claims;
    end`);
    const reply = await project.post("/signup", { email: "a@app.example", password: goodPassword });
    expect(reply).toMatchObject({ status: 500, body: { error_code: "custom_claims_failed" } });
  });
});

describe("a function for claims that cannot be called safely", () => {
  const set = (name: string) =>
    setCustomClaims(project.service.admin, project.id, name).catch((error) => error.message);

  it("is refused with what to do", async () => {
    const { schema } = owner;
    const body = "begin return p_claims; end";
    for (const name of ["claims", "a.b.c", 'x."y"', "x.y'; drop table users; --"]) {
      expect(await set(name)).toMatch("with its schema");
    }
    expect(await set(`${schema}.claims`)).toMatch(/no function .*\(uuid, jsonb\) .*returns jsonb/);
    const name = await makeClaimsFunction(owner, body, "security definer");
    expect(await set(name)).toMatch("search_path");
    await makeClaimsFunction(owner, body, `set search_path = ${schema}`);
    expect(await set(name)).toMatch("security definer");
    await makeClaimsFunction(owner, body);
    await project.sql(`revoke execute on function ${name}(uuid, jsonb) from public`);
    expect(await set(name)).toMatch(/grant execute on .* to miosa_auth_project/);
    await project.sql(`revoke usage on schema ${schema} from miosa_auth_project`);
    expect(await set(name)).toMatch(/grant usage on .* to miosa_auth_project/);
    await owner.transaction(async (query) => {
      await query(
        "create function text_claims(uuid, jsonb) returns text language sql as 'select null'",
      );
      await query(
        "create function set_claims(uuid, jsonb) returns setof jsonb language sql as 'select null::jsonb'",
      );
      await query(
        "create function turned(jsonb, uuid) returns jsonb language sql as 'select null::jsonb'",
      );
    });
    for (const wrong of ["text_claims", "set_claims", "turned"]) {
      expect(await set(`${schema}.${wrong}`)).toMatch("There is no function");
    }
    expect(await readCustomClaims(project.service.admin, project.id)).toBeNull();
  });

  it("is not set as a text that nobody looked at", async () => {
    const { admin } = project.service;
    const custom_claims = "pg_catalog.pg_sleep(double precision)";
    for (const attempt of [
      assignSettings(admin, project.id, { custom_claims }),
      changeSettings(admin, project.id, { custom_claims }),
    ]) {
      await expect(attempt).rejects.toMatchObject({
        code: "validation_failed",
        message: expect.stringContaining("miosa-auth project claims"),
      });
    }
    expect(await readCustomClaims(admin, project.id)).toBeNull();
  });

  it("is registered with its arguments, so that another of its name is not called", async () => {
    await useFunction("begin return p_claims || '{\"mine\": 1}'; end");
    await owner.transaction((query) =>
      query(`create function claims(text, text) returns jsonb language sql
        as 'select ''{"mine": 2}''::jsonb'`),
    );
    expect(await readCustomClaims(project.service.admin, project.id)).toBe(
      `${owner.schema}.claims(uuid,jsonb)`,
    );
    expect(claimsOf((await project.signUp()).access_token)).toMatchObject({ mine: 1 });
  });
});
