import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PostgresDatabase } from "../support/engine.ts";
import { openService } from "../support/service.ts";
import { readmeBlock, runShell, startCommand } from "./blocks.ts";

let database: PostgresDatabase;
let env: Record<string, string>;

beforeAll(async () => {
  // The worker's own administrator makes the groups of the server; a second one is let in after.
  const { engine } = await openService();
  if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
  database = await engine.createDatabase();
  await database.query("create role shop_app");
  env = {
    ADMIN_URL: database.adminUrl,
    SERVER_URL: database.url("auth_server"),
    MIOSA_AUTH_DRAIN: "0",
  };
});

afterAll(async () => {
  await database?.query("drop role if exists shop_app");
});

describe("the README's section on Postgres", () => {
  it("prepares, creates, serves, and looks after a project", async () => {
    const lines = readmeBlock("sh", "miosa-auth serve").trim().split("\n");
    const [key = "", ...rest] = lines;
    const serve = rest.pop() ?? "";
    env.MIOSA_AUTH_KEY = (await runShell(`${key}; echo "$MIOSA_AUTH_KEY"`)).trim();
    const created = await runShell(rest.join("\n"), env);
    expect(created).toMatch(/^AUTH_URL=.*\/proj_shop\nAUTH_JWT_SECRET=[0-9a-f]{64}$/m);

    const server = await startCommand(serve, /Serving/, env);
    try {
      const reply = await fetch("http://127.0.0.1:8788/proj_shop/signup", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ email: "ada@example.com", password: "correct horse battery" }),
      });
      expect(reply.status).toBe(200);
    } finally {
      await server.stop();
    }

    const managed = await runShell(readmeBlock("sh", "project list"), env);
    expect(managed).toContain("proj_shop\tactive");
    expect(managed).toContain("Deleted proj_shop.");
  });
});
