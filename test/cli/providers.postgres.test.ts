import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, runCli } from "../support/cli.ts";
import type { PostgresDatabase } from "../support/engine.ts";
import { type OidcProvider, startOidcProvider } from "../support/idp/oidc_provider.ts";
import { openService } from "../support/service.ts";

const id = `proj_${randomBytes(4).toString("hex")}`;
const secret = "a secret of the client";
let database: PostgresDatabase;
let folder: string;
let file: string;
let provider: OidcProvider;

beforeAll(async () => {
  const { engine } = await openService();
  if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
  database = await engine.createDatabase();
  folder = await mkdtemp(join(tmpdir(), "miosa-cli-"));
  file = join(folder, "secret");
  await writeFile(file, `${secret}\n`);
  provider = await startOidcProvider();
  await json(["project", "create", id]);
});
afterAll(async () => {
  await provider.close();
  await rm(folder, { recursive: true, force: true });
});

function run(args: string[], env: Record<string, string> = {}): Promise<Finished> {
  return runCli(args, {
    MIOSA_AUTH_DATABASE: database.adminUrl,
    MIOSA_AUTH_KEY: "c1".repeat(32),
    MIOSA_AUTH_PUBLIC_URL: "https://auth.shop.example",
    ...env,
  });
}

async function json<T = Record<string, unknown>>(args: string[], env = {}): Promise<T> {
  const { code, stdout, stderr } = await run([...args, "--json"], env);
  expect([args, code, stderr]).toEqual([args, 0, ""]);
  return JSON.parse(stdout) as T;
}

async function refusal(args: string[], exitCode = 1): Promise<string> {
  const { code, stdout, stderr } = await run(args);
  expect([args, code, stdout]).toEqual([args, exitCode, ""]);
  return stderr;
}

const add = (kind: string, ...more: string[]) => [
  ...["provider", "add", id, kind, "--client-id", "shop"],
  ...more,
];

describe("provider add, list and remove", () => {
  it("take the secret from a file or the environment, and never show it", async () => {
    const added = await run(
      add("google", "--client-secret-file", file, "--audience", "ios", "web"),
    );
    expect([added.code, added.stdout]).toEqual([
      0,
      [
        "name=google",
        "kind=google",
        "issuer=",
        "client_id=shop",
        "scopes=[]",
        'options={"audiences":["ios","web"]}',
        `redirect_uri=https://auth.shop.example/${id}/callback\n`,
      ].join("\n"),
    ]);
    expect(added.stderr).toContain("register https://auth.shop.example");
    const github = await json(add("github", "--scopes", "repo,gist"), {
      MIOSA_AUTH_CLIENT_SECRET: secret,
    });
    expect(github).toMatchObject({ name: "github", scopes: ["repo", "gist"], replaced: false });
    const again = await json(add("github", "--client-secret-file", file));
    expect(again).toMatchObject({ scopes: [], replaced: true });

    const listed = await run(["provider", "list", id]);
    expect(listed.stdout.split("\n").map((line) => line.split("\t")[0])).toEqual([
      "google",
      "github",
      "",
    ]);
    for (const output of [added, listed]) expect(JSON.stringify(output)).not.toContain(secret);
    expect(await json(["provider", "remove", id, "github"])).toEqual({ removed: "github" });
    expect(await refusal(["provider", "remove", id, "github"])).toContain("no provider github");
  });

  it("refuse what cannot work, and a secret that nobody gave", async () => {
    expect(await refusal(add("google"))).toContain("--client-secret-file");
    const withSecret = ["--client-secret-file", file];
    expect(await refusal(add("oidc", ...withSecret))).toContain("needs issuer");
    expect(await refusal(add("oidc", "--issuer", "http://a.example", ...withSecret))).toContain(
      "https",
    );
    expect(await refusal(add("google", "--tenant", "common", ...withSecret))).toContain(
      "takes no tenant",
    );
    expect(
      await refusal(
        add("apple", "--team-id", "ABCDE12345", "--key-id", "ABCDE12345", ...withSecret),
      ),
    ).toContain(".p8");
    await refusal(add("facebook", ...withSecret), 2);
    await refusal(add("google", "--public-client", ...withSecret), 2);
    await refusal(["provider", "add", id, "google", ...withSecret], 2);
    expect(await refusal(["provider", "list", "proj_nobody"])).toContain("proj_nobody");
  });
});

describe("provider test", () => {
  const test = ["provider", "test", id, "acme"];
  const allowed = [...test, "--allow-private-providers"];
  const statuses = (output: string) => output.match(/^(ok|fail) +[a-z ]+(?=:)/gm);

  beforeAll(async () => {
    const issuer = ["--issuer", provider.issuer];
    await json(add("oidc", "--name", "acme", ...issuer, "--client-secret-file", file));
  });

  it("asks for metadata and keys, and says what to register", async () => {
    const { code, stdout, stderr } = await run(allowed);
    expect([code, stderr]).toEqual([0, ""]);
    expect(statuses(stdout)).toEqual([
      "ok    metadata",
      "ok    keys",
      "ok    client",
      "ok    token endpoint",
    ]);
    expect(stdout).toContain(provider.issuer);
    expect(stdout).toContain(`redirect URI: https://auth.shop.example/${id}/callback\n`);
    expect(stdout).not.toContain(secret);
  });

  it("finds one that calls itself otherwise, one without keys, and one that may not be asked", async () => {
    provider.misbehave({ metadata: { issuer: "https://evil.example" } });
    const other = await run(allowed);
    expect([other.code, other.stdout]).toEqual([1, expect.stringContaining("another issuer")]);
    provider.misbehave({ metadata: { jwks_uri: `${provider.issuer}/nothing` } });
    const keyless = await run(allowed);
    expect(keyless.code).toBe(1);
    expect(statuses(keyless.stdout)).toContain("fail  keys");
    provider.misbehave({});
    const asked = provider.asked.length;
    const closed = await run(test);
    expect([closed.code, closed.stdout]).toEqual([1, expect.stringMatching(/fail +metadata/)]);
    expect(provider.asked).toHaveLength(asked);
  });

  it("needs the key under which the secret was sealed", async () => {
    const { code, stderr } = await run(test, { MIOSA_AUTH_KEY: "d2".repeat(32) });
    expect([code, stderr]).toEqual([1, expect.stringContaining("does not open the client secret")]);
    expect(await refusal(["provider", "test", id, "nobody"])).toContain("no provider nobody");
  });
});
