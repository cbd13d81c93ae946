import { expect, inject, test } from "vitest";
import { openEngine } from "./engine.ts";

const engine = await openEngine();

test("the engine is the one the project asks for", async () => {
  const choice = inject("engine");
  expect(engine.kind).toBe(choice.kind);
  if (choice.kind === "postgres") expect(engine.major).toBe(choice.major);
  const [row] = await engine.query<{ version: string }>("select version()");
  expect(row?.version).toContain(`PostgreSQL ${engine.version}`);
  expect(engine.version).toMatch(new RegExp(`^${engine.major}\\.`));
});

test("parameters are bound", async () => {
  const rows = await engine.query("select $1::text as word, $2::int + 1 as next", ["it's", 1]);
  expect(rows).toEqual([{ word: "it's", next: 2 }]);
});

test("the engine stays open between calls", async () => {
  expect(await openEngine()).toBe(engine);
});

if (engine.kind === "embedded")
  test("the embedded engine runs scripts", async () => {
    const results = await engine.pglite.exec("select 1; select 2 as two");
    expect(results.at(-1)?.rows).toEqual([{ two: 2 }]);
  });
