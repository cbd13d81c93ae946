import { randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { runMigrations } from "../../src/database/migrate.ts";
import { sqlSet } from "../../src/database/sql_files.ts";
import { openService } from "../support/service.ts";

it("two installers of one schema come one after the other: one runs everything, the others nothing (case 126)", async () => {
  const { admin } = await openService();
  const schema = `race_${randomBytes(5).toString("hex")}`;
  await admin.transaction((tx) => tx.script(`create schema ${schema}`));
  const { migrations } = sqlSet("project");
  const done = await Promise.all(
    Array.from({ length: 6 }, () =>
      admin.transaction(async (tx) => {
        await tx.script(`set local search_path = ${schema}, pg_temp`);
        return runMigrations(tx, migrations);
      }),
    ),
  );
  expect(done.filter((count) => count > 0)).toHaveLength(1);
});
