import { beforeEach, describe, expect, it } from "vitest";
import { deleteProject } from "../../src/projects/delete_project.ts";
import { addReference } from "../../src/projects/references.ts";
import { removeUserTrigger, setUserTrigger } from "../../src/projects/triggers.ts";
import { upgradeProject } from "../../src/projects/upgrade_project.ts";
import { type AppRole, createAppRole } from "../support/app_role.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

let project: TestProject;
let owner: AppRole;

/** An application's function: its own profile rows, and a refusal for those who are named so. */
async function makeFunction(refusal: string, attributes = pinned()): Promise<string> {
  await owner.transaction((query) =>
    query(`
      create or replace function follow() returns trigger language plpgsql ${attributes} as $$
      begin
        if new.user_metadata ? 'refuse' then ${refusal}; end if;
        insert into profiles (user_id, email, ran_as) values (new.id, new.email, current_user)
        on conflict (user_id) do update set email = new.email || ' again';
        return null;
      end $$`),
  );
  return `${owner.schema}.follow`;
}
const pinned = () => `security definer set search_path = ${owner.schema}, pg_temp`;
/** Nothing but the guard then stands in the way of a function that runs as somebody else. */
async function openProfiles(): Promise<void> {
  await project.sql(`grant usage on schema ${owner.schema} to public`);
  await project.sql(`grant all on ${owner.schema}.profiles to public`);
}
const profiles = () => project.sql(`select user_id, ran_as from ${owner.schema}.profiles`);
const users = async () => (await project.sql("select id from users")).map(({ id }) => id);
const signUp = (email: string, data: object = {}) =>
  project.post("/signup", { email, password: goodPassword, data });
const set = (event: Parameters<typeof setUserTrigger>[2], name: string) =>
  setUserTrigger(project.service.admin, project.id, event, name);

beforeEach(async () => {
  project = await createTestProject();
  owner = await createAppRole(project, { helpers: false });
  await project.sql(
    `create table ${owner.schema}.profiles (user_id uuid primary key, email text, ran_as text)`,
  );
  await project.sql(`alter table ${owner.schema}.profiles owner to ${owner.name}`);
  await project.sql(`grant usage on schema ${owner.schema} to miosa_auth_project`);
});

describe("an application's function after a sign-up", () => {
  it("makes a profile in the sign-up's own transaction, with its owner's rights", async () => {
    await set("signup", await makeFunction("return null"));
    const { user } = await project.signUp();
    expect(await profiles()).toEqual([{ user_id: user.id, ran_as: owner.name }]);
    const again = await project.post("/token", { email: user.email, password: goodPassword });
    expect(again.status).toBe(200);
  });

  it("refuses with its own message, as a 422 that wrote nothing and can be tried again", async () => {
    await set("signup", await makeFunction("raise exception 'Ask your dentist for an invitation'"));
    const email = freshEmail();
    const reply = await signUp(email, { refuse: true });
    expect(reply).toMatchObject({
      status: 422,
      body: { error_code: "refused_by_application", msg: "Ask your dentist for an invitation" },
    });
    expect([await users(), await profiles()]).toEqual([[], []]);
    expect((await signUp(email)).status).toBe(200);
  });

  it("is cut to 200 characters, and has the table's sentence without a message", async () => {
    await set("signup", await makeFunction("raise exception '%', repeat('😀', 300)"));
    expect((await signUp(freshEmail(), { refuse: true })).body.msg).toBe("😀".repeat(200));
    await makeFunction("raise exception ''");
    expect((await signUp(freshEmail(), { refuse: true })).body).toMatchObject({
      error_code: "refused_by_application",
      msg: "The application refuses this",
    });
  });

  it.each([
    "raise exception 'secret detail' using errcode = 'ZZ123'",
    "raise unique_violation using message = 'secret detail'",
    "perform 'secret detail'::int",
  ])("that fails otherwise is a fault without a detail: %s (case 144)", async (failure) => {
    await set("signup", await makeFunction(failure));
    const reply = await signUp(freshEmail(), { refuse: true });
    expect(reply).toMatchObject({ status: 500, body: { error_code: "unexpected_failure" } });
    expect(JSON.stringify(reply.body)).not.toContain("secret detail");
    expect([await users(), await profiles()]).toEqual([[], []]);
  });

  it("is not run when it would have the rights of the project's owner", async () => {
    const name = await makeFunction("return null");
    await openProfiles();
    await set("signup", name);
    await owner.transaction((query) => query("alter function follow() security invoker"));
    expect((await signUp(freshEmail())).status).toBe(500);
    await owner.transaction((query) => query("alter function follow() security definer"));
    await owner.transaction((query) => query("alter function follow() reset all"));
    expect((await signUp(freshEmail())).status).toBe(500);
    expect([await users(), await profiles()]).toEqual([[], []]);
  });

  it("is not run for another owner than it had, until it is set again", async () => {
    const name = await makeFunction("return null");
    await set("signup", name);
    const other = await createAppRole(project, { helpers: false });
    await openProfiles();
    await project.sql(`alter function ${name}() owner to ${other.name}`);
    expect((await signUp(freshEmail())).status).toBe(500);
    expect([await users(), await profiles()]).toEqual([[], []]);
    await set("signup", name);
    expect((await signUp(freshEmail())).status).toBe(200);
    expect(await profiles()).toMatchObject([{ ran_as: other.name }]);
  });

  it("is not run when what the same deletion sets off changed it before", async () => {
    const { engine, admin } = project.service;
    await owner.transaction(async (query) => {
      await query("create table notes (owner_id uuid)");
      await query("create table ran (who text)");
      await query(
        `create function report() returns trigger language plpgsql ${pinned()}
         as $$ begin insert into ran values (current_user); return null; end $$`,
      );
      await query(`create function change() returns trigger language plpgsql
        as $$ begin alter function ${owner.schema}.report() security invoker; return old; end $$`);
      await query(
        "create trigger change before delete on notes for each row execute function change()",
      );
      await query("grant insert on ran to public");
    });
    if (engine.kind === "postgres") await project.sql(`grant ${owner.name} to ${engine.adminRole}`);
    await set("delete", `${owner.schema}.report`);
    const options = { onDelete: "cascade", trusted: true } as const;
    await addReference(admin, project.id, `${owner.schema}.notes`, "owner_id", options);
    const { user, access_token: token } = await project.signUp();
    await owner.transaction((query) => query("insert into notes values ($1)", [user.id]));
    expect((await project.request("/user", { method: "DELETE", token })).status).toBe(500);
    expect(await users()).toEqual([user.id]);
    expect(await project.sql(`select who from ${owner.schema}.ran`)).toEqual([]);
  });
});

describe("an application's function after other events", () => {
  it("follows and refuses changes and deletions, and does not hear a sign-in", async () => {
    const { user, access_token: token } = await project.signUp();
    const name = await makeFunction("raise exception 'There are open invoices'");
    await set("update", name);
    const change = (data: object) =>
      project.request("/user", { method: "PATCH", token, body: { data } });
    expect((await change({ refuse: true })).body).toMatchObject({
      error_code: "refused_by_application",
      msg: "There are open invoices",
    });
    await project.post("/token", { email: user.email, password: goodPassword });
    expect(await profiles()).toEqual([]);
    expect((await change({ name: "Ada" })).status).toBe(200);
    expect(await profiles()).toHaveLength(1);

    await owner.transaction((query) =>
      query(`create function keep() returns trigger language plpgsql ${pinned()} as $$
        begin raise exception 'There are open invoices'; end $$`),
    );
    await set("delete", `${owner.schema}.keep`);
    const leave = () => project.request("/user", { method: "DELETE", token });
    expect((await leave()).status).toBe(422);
    expect(await users()).toEqual([user.id]);
    await removeUserTrigger(project.service.admin, project.id, "delete");
    expect((await leave()).status).toBe(204);
  });

  it("is guarded from the next upgrade on where an older release set it with a condition", async () => {
    const { admin, engine } = project.service;
    const name = await makeFunction("return null");
    await project.transaction(async (query) => {
      const [row] = await query<{ owner: string }>(
        "select nspowner::regrole::text as owner from pg_namespace where nspname = current_schema()",
      );
      await query(`set local role ${row?.owner}`);
      await query(`create function runs_as_its_owner(p_function regprocedure) returns boolean
        language sql as $$ select true $$`);
      await query(`create trigger application_signup after insert on users for each row
        when (runs_as_its_owner('${name}()'::regprocedure)) execute function ${name}()`);
    });
    await engine.query("update miosa_auth.projects set release = 'older' where id = $1", [
      project.id,
    ]);
    expect(await upgradeProject(admin, project.id)).toBe(true);
    const triggers = await project.sql(
      "select tgname::text as name from pg_trigger where tgrelid = 'users'::regclass and not tgisinternal order by 1",
    );
    expect(triggers.map((row) => row.name)).toEqual([
      "application_signup_1_guard",
      "application_signup_2_function",
    ]);
    const left = await project.sql("select to_regproc('runs_as_its_owner') as old");
    expect(left).toEqual([{ old: null }]);
    const { user } = await project.signUp();
    expect(await profiles()).toEqual([{ user_id: user.id, ran_as: owner.name }]);
    await owner.transaction((query) => query("alter function follow() security invoker"));
    expect((await signUp(freshEmail())).status).toBe(500);
  });

  it("stays through an upgrade, and goes with the project", async () => {
    const { admin, engine } = project.service;
    await set("signup", await makeFunction("return null"));
    await engine.query("update miosa_auth.projects set release = 'older' where id = $1", [
      project.id,
    ]);
    expect(await upgradeProject(admin, project.id)).toBe(true);
    await project.signUp();
    expect(await profiles()).toHaveLength(1);
    await deleteProject(admin, project.id);
    await owner.transaction((query) => query("drop function follow()"));
  });
});

describe("a function that cannot follow a project's users", () => {
  it("is refused with what to do", async () => {
    const refusals = async (name: string) => {
      const failure = await set("signup", name).catch((error) => error);
      expect(failure.code).toBe("validation_failed");
      return failure.message;
    };
    for (const name of ["follow", "a.b.c", 'x."y"', "x.y'; drop table users; --"]) {
      expect(await refusals(name)).toMatch("with its schema");
    }
    expect(await refusals(`${owner.schema}.nothing`)).toMatch("no function");
    expect(await refusals("pg_catalog.now")).toMatch("no function");
    const name = await makeFunction("return null", "security definer");
    expect(await refusals(name)).toMatch("search_path");
    await makeFunction("return null", `set search_path = ${owner.schema}`);
    expect(await refusals(name)).toMatch("security definer");
    await makeFunction("return null");
    await project.sql(`revoke execute on function ${name}() from public`);
    expect(await refusals(name)).toMatch(/grant execute on .* to miosa_auth_project/);
    await project.sql(`revoke usage on schema ${owner.schema} from miosa_auth_project`);
    expect(await refusals(name)).toMatch(/grant usage on .* to miosa_auth_project/);
    expect((await signUp(freshEmail())).status).toBe(200);
    expect(await profiles()).toEqual([]);
  });
});
