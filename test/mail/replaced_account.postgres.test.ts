import { expect, it } from "vitest";
import { untilWaiting } from "../support/locks.ts";
import { mailingProject } from "../support/mailed.ts";
import { freshEmail } from "../support/project.ts";

it("a mail is asked for while the address changes hands and its new user is deleted, and nothing fails (case 146)", async () => {
  const project = await mailingProject();
  const { engine } = project.service;
  if (engine.kind !== "postgres") throw new Error("PGlite has one connection");
  const email = freshEmail();
  await project.signUp({ email });
  const [account, outbox] = [await engine.connect("postgres"), await engine.connect("postgres")];
  const path = `set search_path = ${project.id}, pg_temp`;
  await account.query(`${path}; begin; select from users for update`);
  await outbox.query("begin; lock table miosa_auth.outbox in share mode");

  const asked = project.post("/reset", { email });
  await untilWaiting(project, 1);
  await account.query("delete from users");
  await account.query("insert into users (email) values ($1)", [email]);
  await account.query("commit");
  // Now it knows the new user, and waits to queue its mail.
  const { rows } = await outbox.query("select pg_backend_pid() as pid");
  const blocked = "select from pg_stat_activity where $1 = any (pg_blocking_pids(pid))";
  while ((await engine.query(blocked, [rows[0].pid])).length === 0);
  const deletion = account.query(`delete from ${project.id}.users`);
  await Promise.race([deletion, untilWaiting(project, 2)]);
  await outbox.query("commit");

  expect((await asked).status).toBe(200);
  await deletion;
  expect(await project.sql("select from one_time_tokens")).toEqual([]);
  await Promise.all([account.end(), outbox.end()]);
});
