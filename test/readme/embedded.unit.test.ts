import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readmeBlock, readmeBlocks, runShell, startCommand } from "./blocks.ts";

// In the checkout, so that the snippets import the package by its name as a reader's would.
const folder = "test-results/readme";
let environment: Record<string, string>;
let data: string;
let dev: Awaited<ReturnType<typeof startCommand>>;

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  data = await mkdtemp(join(tmpdir(), "miosa-readme-"));
  const [, command = ""] = readmeBlock("sh", "npm run dev").trim().split(" && ");
  dev = await startCommand(command, /AUTH_JWT_SECRET=[0-9a-f]{64}/, {
    MIOSA_AUTH_DATA: data,
    MIOSA_AUTH_PORT: String(await freePort()),
  });
  environment = Object.fromEntries(
    [...dev.output.matchAll(/^((?:AUTH|DATABASE)_\w+)=(.*)$/gm)].map(([, key, value]) => [
      key,
      value ?? "",
    ]),
  );
});

afterAll(async () => {
  await dev?.stop();
  await rm(data, { recursive: true, force: true });
});

describe("the README's first ten minutes", () => {
  it("starts with the command that installs and runs", () => {
    expect(readmeBlock("sh", "npm run dev").trim()).toBe("npm install && npm run dev");
    expect(readmeBlocks("sh").map((code) => code.trim())).toContain("npm test");
  });

  it("prints the two variables", () => {
    expect(environment.AUTH_URL).toMatch(/^http:\/\/localhost:\d+\/proj_demo$/);
  });

  it("signs up with the curl line", async () => {
    const line = readmeBlock("sh", "ada@example.com");
    const session = JSON.parse(await runShell(line, environment));
    expect(session.user.email).toBe("ada@example.com");
  });

  it("signs up and verifies with fetch and jsonwebtoken", async () => {
    expect(await runSnippet("first_signup.mjs")).toMatch(/^signed up [0-9a-f-]{36}$/m);
  });

  it("proves an address and replaces a forgotten password by what the mailbox shows", async () => {
    const output = await runShell(readmeBlock("sh", "_dev/mail.json"), environment);
    const [setting, confirmed, reset, ended] = output.trim().split("\n");
    expect(setting).toBe("mail_interval=0");
    expect(confirmed).toMatch(/^\d{4}-.*Z$/);
    expect(reset).toBe("{}lin@example.com");
    expect(JSON.parse(ended ?? "")).toMatchObject({ error_code: "session_not_found" });
  });

  it("shows each user only its own rows", async () => {
    expect(await runSnippet("first_policy.mjs")).toContain("Ada sees 1 of 2");
  });

  it("has a whole auth service for a test of one's own", async () => {
    expect(await runSnippet("own_test.mjs")).toBe("proved true\n");
  });
});

async function runSnippet(name: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, readmeBlock("js", `// ${name}`));
  return runShell(`node ${file}`, environment);
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
