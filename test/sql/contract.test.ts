import { expect, it } from "vitest";
import { catalogueFunctions, catalogueTables } from "../support/catalogue.ts";
import type { Engine } from "../support/engine.ts";
import { createTestProject } from "../support/project.ts";
import { openService } from "../support/service.ts";

/**
 * Every function and table a line, so that a change of a signature, a right or a policy shows as a
 * difference in review. The same on every engine.
 */
async function contract(engine: Engine, schema: string): Promise<string> {
  const functions = (await catalogueFunctions(engine, schema)).map((f) =>
    [
      `${f.signature} -> ${f.result}`,
      f.definer ? "definer" : "invoker",
      f.volatility,
      `parallel ${f.parallel}`,
      ...f.config,
      `execute: ${f.executors.join(", ") || "-"}`,
    ].join(" | "),
  );
  const tables = (await catalogueTables(engine, schema)).map((t) =>
    [
      `${t.kind} ${t.name}`,
      ...(t.kind === "table" ? [`rls ${t.forced ? "forced" : t.rls ? "on" : "off"}`] : []),
      ...t.policies.map((policy) => `policy ${policy}`),
      ...t.grants,
      t.constraints.join(", "),
    ]
      .filter((part) => part !== "")
      .join(" | "),
  );
  return [`schema ${schema}`, "", ...functions, "", ...tables, ""].join("\n");
}

it("is what it was reviewed as: functions, rights, tables, policies and constraints (cases 130, 132, 137)", async () => {
  const { engine } = await openService();
  const { id } = await createTestProject();
  const project = (await contract(engine, id)).replaceAll(id, "<project>");
  const shared = await contract(engine, "miosa_auth");
  await expect(`${project}\n${shared}`).toMatchFileSnapshot("contract.snapshot.txt");
});
