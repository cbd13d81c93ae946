import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Auth, createAuth } from "../../src/auth.ts";
import { setCustomClaims } from "../../src/projects/custom_claims.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { claimsOf } from "../support/access_tokens.ts";
import { type AppRole, createAppRole } from "../support/app_role.ts";
import { makeClaimsFunction } from "../support/claims_function.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

let project: TestProject;
let owner: AppRole;
let session: SessionReply;
let auth: Auth;
let lines: string[];

const fine = "begin return p_claims || '{\"fine\": true}'; end";

beforeEach(async () => {
  project = await createTestProject();
  owner = await createAppRole(project, { helpers: false });
  await project.sql(`grant usage on schema ${owner.schema} to miosa_auth_project`);
  session = await project.signUp({ data: { note: "needle-of-the-user" } });
  const name = await makeClaimsFunction(owner, fine);
  await setCustomClaims(project.service.admin, project.id, name);
  lines = [];
  const { runtime, masterKey, publicUrl } = project.service;
  const logger = pino({ level: "trace" }, { write: (line: string) => lines.push(line) });
  auth = createAuth({ database: runtime, masterKey, publicUrl, logger });
});
afterEach(() => auth.close());

const refresh = () =>
  project.post<SessionReply>("/refresh", { refresh_token: session.refresh_token }, { auth });

function reasons(): unknown[] {
  return lines.flatMap((line) => JSON.parse(line).reason ?? []);
}

async function expectFailure(reason: string): Promise<void> {
  const reply = await refresh();
  expect(reply).toMatchObject({
    status: 500,
    body: {
      code: 500,
      error_code: "custom_claims_failed",
      msg: "The application's own claims could not be made",
    },
  });
  expect(Object.keys(reply.body)).toEqual(["code", "error_code", "msg"]);
  expect(reasons()).toEqual([`${owner.schema}.claims(uuid,jsonb) ${reason}`]);
}

describe("a function for claims that fails", () => {
  it("gives the user a 500, and the log its name, SQLSTATE and line without the user's data", async () => {
    await makeClaimsFunction(
      owner,
      `declare
        v_note text := p_claims #>> '{user_metadata,note}';
      begin
        raise exception 'about %', v_note using errcode = 'AP123', detail = v_note, hint = v_note;
      end`,
    );
    await expectFailure("failed with SQLSTATE AP123 at line 5");
    expect(lines.join()).not.toContain("needle-of-the-user");
    expect(lines.join()).not.toContain(session.user.email);
  });

  it.each([
    ["raise exception 'needle %', p_claims", "P0001"],
    ["perform (p_claims ->> 'email')::int", "22P02"],
    ["perform 1 / 0", "22012"],
    ["assert false, p_claims::text", "P0004"],
    ["raise exception using errcode = 'MA901', message = p_claims::text", "MA901"],
  ])("is told by its SQLSTATE alone: %s", async (statement, sqlstate) => {
    await makeClaimsFunction(owner, `begin\n${statement}; return p_claims;\nend`);
    await expectFailure(`failed with SQLSTATE ${sqlstate} at line 3`);
    expect(lines.join()).not.toContain("needle");
  });

  it("leaves the refresh to be made again, in the same lineage", async () => {
    const before = await project.sql("select * from refresh_tokens");
    await makeClaimsFunction(owner, "begin raise exception 'no'; end");
    expect((await refresh()).status).toBe(500);
    expect(await project.sql("select * from refresh_tokens")).toEqual(before);
    await makeClaimsFunction(owner, fine);
    const again = await refresh();
    expect(again.status).toBe(200);
    expect(claimsOf(again.body.access_token)).toMatchObject({ fine: true });
    expect(await project.sql("select from sessions where revoked_at is not null")).toEqual([]);
  });

  it("makes no user at a sign-up, so that it can be tried again", async () => {
    await makeClaimsFunction(owner, "begin raise exception 'no'; end");
    const person = { email: freshEmail(), password: goodPassword };
    expect((await project.post("/signup", person, { auth })).status).toBe(500);
    expect(await project.sql("select from users where email = $1", [person.email])).toEqual([]);
    await makeClaimsFunction(owner, fine);
    expect((await project.post("/signup", person, { auth })).status).toBe(200);
  });

  it.each([
    ["null", "null"],
    ["an array", "'[]'"],
    ["a text", "'\"a\"'"],
    ["JSON's null", "'null'"],
  ])("is one that returns %s", async (_name, value) => {
    await makeClaimsFunction(owner, `begin return ${value}; end`);
    await expectFailure("did not return a JSON object");
  });

  it("is one that adds more than four kilobytes", async () => {
    const adding = (bytes: number) =>
      `begin return p_claims || jsonb_build_object('big', repeat('x', ${bytes})); end`;
    // What stands around the text: `, "big": ""`.
    await makeClaimsFunction(owner, adding(4096 - 11));
    expect((await refresh()).status).toBe(200);
    await makeClaimsFunction(owner, adding(4096 - 10));
    await expectFailure("added more than 4096 bytes of claims");
  });

  it("is one that gives a claim a number for its name", async () => {
    await makeClaimsFunction(owner, `begin return '{"0": {"sub": "a"}}'; end`);
    await expectFailure("returned a claim whose name is a number");
  });

  it("is one that would run with the rights of the project's owner by now", async () => {
    await owner.transaction((query) =>
      query("alter function claims(uuid, jsonb) security invoker"),
    );
    await expectFailure("is not SECURITY DEFINER, or is gone");
  });

  it("is one that is gone", async () => {
    await owner.transaction((query) => query("drop function claims(uuid, jsonb)"));
    await expectFailure("is not SECURITY DEFINER, or is gone");
  });

  it("is one whose schema the project may not enter any more", async () => {
    await project.sql(`revoke usage on schema ${owner.schema} from miosa_auth_project`);
    await expectFailure("failed with SQLSTATE 42501 at line unknown");
  });
});
