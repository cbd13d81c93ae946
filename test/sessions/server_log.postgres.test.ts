import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parseRefreshToken } from "../../src/tokens/refresh_token.ts";
import { createTestProject } from "../support/project.ts";
import { refresh, rotate } from "../support/sessions.ts";

it("a Postgres that logs every parameter logs no token that could refresh (case 26)", async () => {
  const project = await createTestProject();
  const { engine } = project.service;
  if (engine.kind !== "postgres") throw new Error("PGlite keeps no log");

  const first = await project.signUp();
  const second = await rotate(project, first.refresh_token);
  const third = await rotate(project, second.refresh_token);
  await rotate(project, first.refresh_token);
  await refresh(project, "A".repeat(43));
  await project.post("/logout", { refresh_token: third.refresh_token });

  const log = readFileSync(engine.logFile, "utf8");
  const tokens = [first, second, third].map(({ refresh_token }) =>
    parseRefreshToken(refresh_token),
  );
  for (const token of tokens) {
    if (!token) throw new Error("what was issued is a refresh token");
    // Not toContain: its failure would print the whole log.
    expect(log.includes(token.hash.toString("hex"))).toBe(true);
    for (const spelling of ["base64url", "base64", "hex"] as const) {
      expect(log.includes(token.secret.toString(spelling))).toBe(false);
    }
  }
  for (const { access_token } of [first, second, third]) {
    expect(log.includes(access_token.split(".")[2] ?? "")).toBe(false);
  }
});
