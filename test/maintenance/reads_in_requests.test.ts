import { beforeAll, describe, expect, it } from "vitest";
import { addProvider } from "../support/oauth.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

const inAnHour = "now() + interval '1 hour'";

let project: TestProject;
beforeAll(async () => {
  project = await createTestProject();
  await addProvider(project, { name: "acme", kind: "oidc", clientId: "c", clientSecret: "s" });
});

describe("a request that clears up beside its work", () => {
  it.each([
    {
      table: "login_attempts",
      columns: "subject, expires_at",
      values: `sha256(int4send(n)), ${inAnHour}`,
      call: "open_attempt(sha256('a'))",
    },
    {
      table: "spent_nonces",
      columns: "nonce_hash, expires_at",
      values: `sha256(int4send(n)), ${inAnHour}`,
      call: "prune_spent_nonces(10)",
    },
    {
      table: "oauth_flows",
      columns: "state_hash, browser_hash, provider, sealed, expires_at",
      values: `sha256(int4send(n)), sha256('b'), 'acme', '\\x00', ${inAnHour}`,
      call: "prune_oauth_flows(10)",
    },
    {
      // Of the last two days, but not of the last hour, whose addresses are counted.
      table: "mail_budgets",
      columns: "subject, asked_at, day_started_at, day_mails",
      values: "sha256(int4send(n)), now() - interval '61 minutes' - n * interval '8 s', now(), 1",
      call: "reserve_mail('ada@example.com')",
    },
  ])("does not read what is not over of $table, however much there is", async (kind) => {
    const { table, columns, values, call } = kind;
    await project.sql(
      `insert into ${table} (${columns}) select ${values} from generate_series(1, 20000) n`,
    );
    await project.sql(`analyze ${table}`);
    const read = await project.transaction(async (query) => {
      // As it is planned in a request.
      await query("set local plan_cache_mode = force_generic_plan");
      await query(`select ${call}`);
      const [counted] = await query<{ read: number }>(
        `select (seq_tup_read + idx_tup_fetch)::int as read
         from pg_stat_xact_user_tables where relid = '${table}'::regclass`,
      );
      return counted?.read;
    });
    expect(read).toBeLessThan(50);
  });
});
