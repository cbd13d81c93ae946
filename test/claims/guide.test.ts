import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Row } from "../../src/database/database.ts";
import { setCustomClaims } from "../../src/projects/custom_claims.ts";
import { grantHelpers } from "../../src/projects/grants.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { claimsOf } from "../support/access_tokens.ts";
import { transactionAs } from "../support/app_role.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type Query,
  type TestProject,
} from "../support/project.ts";

const blocks = [
  ...readFileSync("docs/custom-claims.md", "utf8").matchAll(/^```(.*)\n([\s\S]*?)^```$/gm),
].map(([, language = "", code = ""]) => ({ language, code }));

// Roles are the cluster's, and other files run the other guide.
const suffix = randomBytes(4).toString("hex");
const [owner, app, schema] = [`owner_${suffix}`, `app_${suffix}`, `shop_${suffix}`];
let project: TestProject;
let next = 0;

const named = (code: string) =>
  code
    .replaceAll("proj_shop", project.id)
    .replaceAll("shop_owner", owner)
    .replaceAll("shop_app", app)
    .replaceAll(/\bshop\b/g, schema);

beforeAll(async () => {
  project = await createTestProject();
  const { engine, admin } = project.service;
  // As docs/rls.md begins.
  await engine.query(`create role ${owner} login`);
  await engine.query(`create role ${app} login`);
  await engine.query(`create schema ${schema} authorization ${owner}`);
  await engine.query(`grant usage on schema ${schema} to ${app}`);
  for (const role of [owner, app]) await grantHelpers(admin, project.id, role);
});

afterAll(async () => {
  await project.service.engine.query(`drop schema ${schema} cascade`);
});

/** Runs the next block, as the role or the command that it names. */
async function runBlock(containing: string): Promise<void> {
  const block = blocks[next++];
  if (!block?.code.includes(containing)) throw new Error(`the next block has no ${containing}`);
  if (block.language === "sh") {
    const [, name = ""] = /^miosa-auth project claims proj_shop (\S+)\n$/.exec(block.code) ?? [];
    await setCustomClaims(project.service.admin, project.id, named(name));
    return;
  }
  expect(block.code).toMatch(/^-- as shop_owner\n/);
  await transactionAs(project, owner, (query) => statements(query, named(block.code)));
}

async function statements(query: Query, code: string): Promise<void> {
  const dollars = code.split("$$");
  const parts = dollars.map((part, n) => (n % 2 === 0 ? part.split(";").join("\0") : part));
  for (const one of parts.join("$$").split("\0")) if (one.trim() !== "") await query(one);
}

/** Runs a statement for a session, as a server does that sets token and claims. */
function as(session: SessionReply, sql: string): Promise<Row[]> {
  return transactionAs(project, app, async (query) => {
    await query("select set_config('jwt.token', $1, true)", [session.access_token]);
    const claims = JSON.stringify(claimsOf(session.access_token));
    await query("select set_config('jwt.claims', $1, true)", [claims]);
    return query(sql);
  });
}

const totals = async (session: SessionReply) =>
  (await as(session, `select total::integer from ${schema}.invoices`)).map(({ total }) => total);
const bill = (session: SessionReply, tenant: number, total: number) =>
  as(session, `insert into ${schema}.invoices (tenant_id, total) values (${tenant}, ${total})`);

describe("the guide to claims", () => {
  const email = freshEmail();
  let accountant: SessionReply;
  let clerk: SessionReply;
  let stranger: SessionReply;

  /** A new token for a member of a tenant. */
  async function member(tenant: number, roles: string): Promise<SessionReply> {
    const { user, refresh_token } = await project.signUp();
    await project.sql(`insert into ${schema}.members values ($1, $2, $3)`, [
      user.id,
      tenant,
      roles,
    ]);
    return (await project.post<SessionReply>("/refresh", { refresh_token })).body;
  }

  it("has a function that puts tenant and roles into the next token", async () => {
    await runBlock("create function shop.claims");
    await runBlock("project claims");
    accountant = await member(1, "{accountant,admin}");
    clerk = await member(1, "{}");
    stranger = await member(2, "{accountant}");
    expect(claimsOf(accountant.access_token)).toMatchObject({
      tenant_id: 1,
      roles: ["accountant", "admin"],
    });
    expect(claimsOf((await project.signUp({ email })).access_token)).not.toHaveProperty("roles");
  });

  it("has policies by which a tenant reads its rows, and its accountants write", async () => {
    await runBlock("create policy accountants_write");
    await bill(accountant, 1, 100);
    await bill(stranger, 2, 200);
    for (const [session, tenant] of [
      [clerk, 1],
      [stranger, 1],
    ] as const) {
      await expect(bill(session, tenant, 1)).rejects.toMatchObject({ code: "42501" });
    }
    expect(await totals(accountant)).toEqual([100]);
    expect(await totals(clerk)).toEqual([100]);
    expect(await totals(stranger)).toEqual([200]);
    const { body: nobody } = await project.post<SessionReply>("/token", {
      email,
      password: goodPassword,
    });
    expect(await totals(nobody)).toEqual([]);
  });

  it("has a policy that asks the table, so that leaving it bites at once", async () => {
    await runBlock("create policy members_only");
    expect(await totals(clerk)).toEqual([100]);
    await project.sql(`delete from ${schema}.members where user_id = $1`, [clerk.user.id]);
    expect(claimsOf(clerk.access_token)).toMatchObject({ tenant_id: 1 });
    expect(await totals(clerk)).toEqual([]);
    expect(await totals(accountant)).toEqual([100]);
    expect(blocks.slice(next)).toEqual([]);
  });
});
