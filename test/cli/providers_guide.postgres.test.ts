import { execFile } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { listProviders } from "../../src/projects/providers.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

const lines = [
  ...readFileSync("docs/providers.md", "utf8").matchAll(/^```(.*)\n([\s\S]*?)^```$/gm),
].flatMap(([, language, code = ""]) => {
  if (language !== "sh") throw new Error(`docs/providers.md has a block of ${language}`);
  return code.trim().split("\n");
});

let project: TestProject;
let folder: string;

beforeAll(async () => {
  project = await createTestProject();
  folder = await mkdtemp(join(tmpdir(), "miosa-guide-"));
  for (const [, file = ""] of lines.join("\n").matchAll(/--client-secret-file (\S+)/g)) {
    await writeFile(join(folder, file), file.endsWith(".p8") ? signingKey() : "a secret\n");
  }
});
afterAll(() => rm(folder, { recursive: true }));

function signingKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
}

it("the commands of the guide to providers add one of each kind", {
  timeout: 120_000,
}, async () => {
  const { engine, masterKey, admin } = project.service;
  if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
  // Trying one asks the internet.
  const script = lines.filter((line) => !line.includes("provider test"));
  expect(lines.length - script.length).toBe(1);
  const command = `miosa-auth() { node ${resolve("dist/cli/main.js")} "$@"; }\n`;
  const { stdout } = await promisify(execFile)(
    "bash",
    ["-euo", "pipefail", "-c", command + script.join("\n").replaceAll("proj_shop", project.id)],
    {
      cwd: folder,
      env: {
        ...process.env,
        MIOSA_AUTH_DATABASE: engine.adminUrl,
        MIOSA_AUTH_KEY: masterKey,
        MIOSA_AUTH_PUBLIC_URL: "https://auth.shop.example",
      },
    },
  );
  expect(stdout).toContain(`redirect_uri=https://auth.shop.example/${project.id}/callback`);
  expect(stdout).toContain("Deleted 0 anonymous user(s).");
  const providers = await listProviders(admin, project.id);
  expect(providers.map(({ name, kind }) => [name, kind])).toEqual([
    ["google", "google"],
    ["github", "github"],
    ["apple", "apple"],
    ["microsoft", "microsoft"],
    ["gitlab", "gitlab"],
    ["forge", "gitlab"],
    ["acme", "oidc"],
    ["chat", "oauth2"],
  ]);
});
