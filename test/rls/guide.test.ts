import { afterAll, beforeAll, expect, it } from "vitest";
import type { Row } from "../../src/database/database.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { deleteProject } from "../../src/projects/delete_project.ts";
import { grantHelpers } from "../../src/projects/grants.ts";
import { addReference } from "../../src/projects/references.ts";
import { changeSettings } from "../../src/projects/settings.ts";
import { setUserTrigger } from "../../src/projects/triggers.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { claimsOf } from "../support/access_tokens.ts";
import { type GuideBlock, guideBlocks } from "../support/guide.ts";
import { openTestProject, type TestProject } from "../support/project.ts";
import { openService } from "../support/service.ts";
import { runRecipes } from "./guide_recipes.ts";

let shop: TestProject;
let ada: SessionReply;
let grace: SessionReply;

const blocks = guideBlocks.filter(({ language }) => language !== "js");
let next = 0;

beforeAll(async () => {
  const service = await openService();
  const { jwtSecret } = await createProject(service.admin, {
    id: "proj_shop",
    keyring: service.keyring,
  });
  await changeSettings(service.admin, "proj_shop", { anonymous_users: true });
  shop = openTestProject(service, "proj_shop", jwtSecret);
});

afterAll(async () => {
  const { admin, engine } = shop.service;
  await engine.query("drop schema if exists shop cascade");
  await deleteProject(admin, shop.id);
  for (const role of ["shop_owner", "shop_app"]) {
    await engine.query(`drop owned by ${role}`);
    await engine.query(`drop role ${role}`);
  }
});

/** Runs statements as a role, with a session of its own where there are sessions. */
async function runAs(role: string, sql: string): Promise<Row[]> {
  const { engine } = shop.service;
  if (engine.kind === "embedded") {
    if (role !== "administrator of the database") await engine.pglite.exec(`set role ${role}`);
    try {
      return ((await engine.pglite.exec(sql)).at(-1)?.rows ?? []) as Row[];
    } finally {
      await engine.pglite.exec("rollback; reset role");
    }
  }
  const client = await engine.connect(role === "administrator of the database" ? "postgres" : role);
  try {
    const results: unknown = await client.query(sql);
    return ([results].flat() as { rows: Row[] }[]).at(-1)?.rows ?? [];
  } finally {
    await client.end();
  }
}

const grants: [RegExp, (...words: string[]) => Promise<void>][] = [
  [
    /^miosa-auth project grant (\w+) (\w+)$/,
    (id = "", role = "") => grantHelpers(shop.service.admin, id, role),
  ],
  [
    /^miosa-auth project reference (\w+) ([\w.]+) (\w+) --on-delete cascade$/,
    async (id = "", table = "", column = "") => {
      const { admin, engine } = shop.service;
      if (engine.kind === "postgres") await engine.query(`grant shop_owner to ${engine.adminRole}`);
      const trusted = engine.major < 18;
      await addReference(admin, id, table, column, { onDelete: "cascade", trusted });
    },
  ],
  [
    /^miosa-auth project trigger (\w+) ([\w.]+)$/,
    (id = "", name = "") => setUserTrigger(shop.service.admin, id, "signup", name),
  ],
];

async function run({ language, title, code }: GuideBlock): Promise<Row[]> {
  if (language === "sql") return runAs(title, code.replaceAll(":'ada'", `'${ada?.access_token}'`));
  for (const line of code.trim().split("\n")) {
    const [words, action] = grants
      .map(([pattern, does]) => [pattern.exec(line)?.slice(1), does] as const)
      .find(([found]) => found) ?? [[], () => Promise.reject(new Error(`unknown: ${line}`))];
    await action(...(words ?? []));
  }
  return [];
}

/** Runs the next blocks, up to and with the one that contains a text; gives that one's rows. */
async function runUpTo(text: string): Promise<Row[]> {
  for (;;) {
    const block = blocks[next];
    if (!block) throw new Error(`no further block of docs/rls.md contains ${text}`);
    next += 1;
    const rows = await run(block);
    if (block.code.includes(text)) return rows;
  }
}

const as = (session: SessionReply, sql: string) =>
  runAs(
    "shop_app",
    `begin; select set_config('jwt.token', '${session.access_token}', true); ${sql.replace(/;$/, "")}`,
  );
async function write(session: SessionReply, body: string): Promise<void> {
  await as(session, `insert into shop.notes (body) values ('${body}'); commit`);
}
const bodies = (rows: Row[]) => rows.map(({ body }) => body);
const notes = "select body from shop.notes order by id";

it("the guide's table shows each user its own rows, and staff all (cases 137, 141)", async () => {
  await runUpTo("create policy staff_reads");
  [ada, grace] = [await shop.signUp(), await shop.signUp()];
  await write(ada, "milk");
  await write(grace, "bread");
  expect(bodies(await as(ada, notes))).toEqual(["milk"]);
  expect(bodies(await runAs("shop_app", notes))).toEqual([]);
  for (const statement of [
    `insert into shop.notes (owner_id, body) values ('${grace.user.id}', 'forged')`,
    `update shop.notes set owner_id = '${grace.user.id}'`,
  ]) {
    await expect(as(ada, statement)).rejects.toMatchObject({ code: "42501" });
  }
  expect(await as(ada, "delete from shop.notes where body = 'bread' returning 1")).toEqual([]);

  const chief = await shop.signUp();
  await runAs("shop_owner", `insert into shop.staff values ('${chief.user.id}')`);
  expect(bodies(await as(chief, notes))).toEqual(["milk", "bread"]);
  expect(await as(chief, "delete from shop.notes returning 1")).toEqual([]);
  await shop.request("/logout", { method: "POST", token: chief.access_token });
  expect(bodies(await as(chief, notes))).toEqual([]);
});

it("the guide's policy is one call a statement (case 149)", async () => {
  const plan = await runUpTo("explain");
  expect(JSON.stringify(plan)).toContain("InitPlan");
});

it("the guide's view shows a user's own rows, and without its option all (case 139)", async () => {
  await runUpTo("security_invoker");
  expect(bodies(await as(ada, "select body from shop.recent_notes"))).toEqual(["milk"]);
  await runAs(
    "shop_owner",
    "create view shop.leak as select body from shop.notes; grant select on shop.leak to shop_app",
  );
  expect(await as(ada, "select body from shop.leak")).toHaveLength(2);
  await runAs("shop_owner", "drop view shop.leak");
});

it("a forced table hides its rows from its owner, and still loses them with a user (case 138)", async () => {
  expect(await runAs("shop_owner", notes)).toHaveLength(2);
  await runUpTo("force row level security");
  expect(await runAs("shop_owner", notes)).toEqual([]);
  await expect(
    runAs("shop_owner", `begin; set local row_security = off; ${notes}`),
  ).rejects.toMatchObject({ code: "42501" });
  const leaving = await shop.signUp();
  await write(leaving, "gone soon");
  await shop.request("/user", { method: "DELETE", token: leaving.access_token });
  await runUpTo("no force row level security");
  expect(bodies(await runAs("shop_owner", notes))).toEqual(["milk", "bread"]);
});

it("the guide's profile is made with its user, or refuses it in its own words", async () => {
  await runUpTo("project trigger");
  const named = await shop.signUp({ data: { name: "Lin" } });
  const refused = await shop.post("/signup", {
    email: "spy@competitor.example",
    password: "a perfectly fine phrase",
  });
  expect(refused).toMatchObject({
    status: 422,
    body: { error_code: "refused_by_application", msg: "This shop is by invitation only" },
  });
  expect(await runAs("shop_owner", "select * from shop.profiles")).toEqual([
    { user_id: named.user.id, name: "Lin" },
  ]);
});

it("the guide's reviews are written by permanent users, and read by anonymous ones", async () => {
  await runUpTo("only_permanent_users_write");
  const { body: guest } = await shop.post<SessionReply>("/signup", {});
  const review = (session: SessionReply, claims: object | null) =>
    as(
      session,
      `select set_config('jwt.claims', '${claims === null ? "" : JSON.stringify(claims)}', true);
      insert into shop.reviews (body) values ('fine'); commit`,
    );
  await review(ada, claimsOf(ada.access_token));
  for (const claims of [claimsOf(guest.access_token), {}, null]) {
    await expect(review(guest, claims)).rejects.toMatchObject({ code: "42501" });
  }
  expect(bodies(await as(guest, "select body from shop.reviews"))).toEqual(["fine"]);
});

it("the guide's recipes run a query as its user, and refuse a forged token (case 123)", async () => {
  for (const myNotes of await runRecipes(shop)) {
    const forged = `${ada.access_token.slice(0, -4)}AAAA`;
    expect(await myNotes([ada.access_token, grace.access_token, forged])).toEqual([
      ["milk"],
      ["bread"],
      "bad_jwt",
    ]);
  }
});

it("the guide's plain SQL tests a policy, and leaves nothing behind", async () => {
  await as(ada, "delete from shop.notes; commit");
  await runUpTo("nobody sees nothing");
  expect(bodies(await runAs("shop_owner", notes))).toEqual(["bread"]);
  expect(blocks.slice(next)).toEqual([]);
});
