import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCli, runCommand } from "../support/cli.ts";

// Port 1 of this machine: nobody listens there.
const nowhere = "postgres://nobody:hidden-word@127.0.0.1:1/nothing";
const withKey = { MIOSA_AUTH_KEY: "ab".repeat(32) };
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "miosa-cli-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a command that is used wrongly", () => {
  it.each([
    [["nothing"]],
    [["project"]],
    [["project", "create"]],
    [["project", "create", "proj_x"]],
    [["project", "delete", "proj_x", "--database", nowhere]],
    [["project", "list", "--database", "mysql://x/y"]],
    [["project", "list", "--database", nowhere, "--nonsense"]],
    [["project", "env", "proj_x", "--database", nowhere, "--public-url", "ftp://x"]],
    [["serve", "--database", nowhere, "--port", "65536"]],
    [["serve", "--database", nowhere, "--connections", "many"]],
    [["dev", "--port", "80.5"]],
  ])("ends with 2 and says what is wrong: %j", async (args) => {
    const { code, stdout, stderr } = await runCli(args, withKey);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/error: |Usage: /);
  });

  it("ends with 2 for a variable that cannot be, and names it", async () => {
    const { code, stderr } = await runCli(["dev"], { MIOSA_AUTH_PORT: "eighty" });
    expect([code, stderr.includes("MIOSA_AUTH_PORT")]).toEqual([2, true]);
  });
});

describe("a command that is refused", () => {
  it.each([
    [["project", "create", "proj_x", "--database", nowhere]],
    [["project", "env", "proj_x", "--database", nowhere]],
    [["serve", "--database", nowhere]],
  ])("ends with 1 without MIOSA_AUTH_KEY, and says how to get one: %j", async (args) => {
    const { code, stdout, stderr } = await runCli(args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("MIOSA_AUTH_KEY is not set");
    expect(stderr).toContain("miosa-auth key generate");
  });

  it("ends with 1 for a key that is none, and does not repeat it", async () => {
    const args = ["project", "create", "proj_x", "--database", nowhere];
    const { code, stderr } = await runCli(args, { MIOSA_AUTH_KEY: "secret-but-short" });
    expect([code, stderr.includes("64 hex characters")]).toEqual([1, true]);
    expect(stderr).not.toContain("secret-but-short");
  });

  it("ends with 1 for a database that cannot be reached, and names where and why", async () => {
    const { code, stdout, stderr } = await runCli(["project", "list", "--database", nowhere]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("cannot be reached");
    expect(stderr).toContain("ECONNREFUSED 127.0.0.1:1");
    expect(stderr).not.toContain("hidden-word");
  });

  it("says so as one line of JSON with --json, or where MIOSA_AUTH_JSON asks for it", async () => {
    const args = ["project", "show", "proj_x", "--database", nowhere];
    const refusal = {
      code: "service_unavailable",
      message: expect.stringContaining("ECONNREFUSED"),
    };
    const byFlag = await runCli([...args, "--json"]);
    expect([byFlag.code, JSON.parse(byFlag.stderr)]).toEqual([1, { error: refusal }]);
    const byVariable = await runCli(args, { MIOSA_AUTH_JSON: "1" });
    expect([byVariable.code, JSON.parse(byVariable.stderr)]).toEqual([1, { error: refusal }]);
    const off = await runCli(args, { MIOSA_AUTH_JSON: "0" });
    expect(off.stderr).toMatch(/^error: /);
  });

  it("ends with 1 for a secret file that is not there", async () => {
    const file = join(folder, "absent");
    const args = ["project", "create", "proj_x", "--database", nowhere, "--jwt-secret-file", file];
    const { code, stderr } = await runCli(args, withKey);
    expect([code, stderr.includes(file)]).toEqual([1, true]);
  });
});

describe("a command without a database", () => {
  it("generates keys of 64 hex characters, never the same", async () => {
    const plain = await runCli(["key", "generate"]);
    expect([plain.code, plain.stderr]).toEqual([0, ""]);
    expect(plain.stdout).toMatch(/^[0-9a-f]{64}\n$/);
    const json = await runCli(["key", "generate", "--json"]);
    expect(JSON.parse(json.stdout)).toEqual({
      MIOSA_AUTH_KEY: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(json.stdout).not.toContain(plain.stdout.trim());
  });

  it("runs by its name in the checkout, with no network", async () => {
    const { code, stdout } = await runCommand("npx", ["--no-install", "miosa-auth", "--help"], {
      npm_config_offline: "true",
      npm_config_registry: "http://127.0.0.1:1",
    });
    expect([code, stdout.startsWith("Usage: miosa-auth")]).toEqual([0, true]);
  });

  it("tells its version", async () => {
    const { code, stdout } = await runCli(["--version"]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  });
});
