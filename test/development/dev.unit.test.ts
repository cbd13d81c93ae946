import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import jwt from "jsonwebtoken";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import {
  cliFile,
  type Running,
  runCli,
  runCommand,
  startCli,
  startCommand,
} from "../support/cli.ts";

const data = ["--data"];
const hasCurl = spawnSync("curl", ["--version"]).status === 0;
const started: Running<unknown>[] = [];
let folder: string;
let environment: { AUTH_URL: string; AUTH_JWT_SECRET: string };
let session: SessionReply;

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "miosa-dev-")), "data");
  data.push(folder);
});
afterAll(async () => {
  await Promise.all(started.map((process) => process.stop()));
  await rm(join(folder, ".."), { recursive: true, force: true });
});

async function dev(args: string[], env: Record<string, string> = {}) {
  const process = await startCli(["dev", ...args], env);
  started.push(process);
  return process;
}

async function signIn(authUrl = environment.AUTH_URL): Promise<number> {
  const reply = await fetch(`${authUrl}/token`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ email: "ada@example.com", password: "correct horse battery" }),
  });
  await reply.text();
  return reply.status;
}

// Each start of PGlite takes some seconds, and several of them a while on a busy machine.
const patient = { timeout: 90_000 };

describe("dev on a folder", patient, () => {
  let first: Running<string>;

  it("prints three variables and a line for the first sign-up, which works as it stands", async () => {
    const args = [cliFile, "dev", "--port", "0", "--database-port", "0", ...data];
    first = await startCommand(process.execPath, args, /^AUTH_URL[\s\S]*^curl .*$/m);
    started.push(first);
    const [url = "", secret = "", databaseUrl, empty, , curl = ""] = first.printed.split("\n");
    expect(url).toMatch(/^AUTH_URL=http:\/\/localhost:\d+\/proj_demo$/);
    expect(secret).toMatch(/^AUTH_JWT_SECRET=[0-9a-f]{64}$/);
    expect(databaseUrl).toMatch(/^DATABASE_URL=postgres:\/\/postgres@127\.0\.0\.1:\d+\/postgres$/);
    expect(empty).toBe("");
    environment = {
      AUTH_URL: url.slice("AUTH_URL=".length),
      AUTH_JWT_SECRET: secret.slice("AUTH_JWT_SECRET=".length),
    };
    session = JSON.parse(await runCurlLine(curl));
    const claims = jwt.verify(session.access_token, environment.AUTH_JWT_SECRET);
    expect(claims).toMatchObject({ iss: environment.AUTH_URL, email: "ada@example.com" });
  });

  it("admits the pages of this machine, and no others (case 154)", async () => {
    const allowed = async (origin: string) => {
      const { headers } = await fetch(`${environment.AUTH_URL}/settings`, {
        headers: { Origin: origin },
      });
      return headers.get("Access-Control-Allow-Origin");
    };
    expect(await allowed("http://localhost:3000")).toBe("http://localhost:3000");
    expect(await allowed("https://evil.example")).toBeNull();
  });

  it("keeps its key to itself (case 169)", async () => {
    const file = join(folder, "miosa_auth_key");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, "utf8")).toMatch(/^[0-9a-f]{64}\n$/);
  });

  it("refuses a second process at once, which leaves the first alone", async () => {
    const { code, stdout, stderr } = await runCli(["dev", "--port", "0", ...data]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`Another process uses the data folder ${folder}`);
    expect(await signIn()).toBe(200);
  });

  it("ends with 0 when it is told to", async () => {
    expect(await first.stop("SIGTERM")).toBe(0);
    expect(first.stderr()).not.toContain("correct horse battery");
  });

  it("keeps users, keys and sessions for the next start, and after a kill -9", async () => {
    for (const end of ["SIGKILL", "SIGINT"] as const) {
      const again = await dev(["--port", "0", "--database-port", "off", ...data]);
      const { AUTH_URL = "", AUTH_JWT_SECRET } = again.printed;
      expect(Object.keys(again.printed)).toEqual(["AUTH_URL", "AUTH_JWT_SECRET"]);
      expect(AUTH_JWT_SECRET).toBe(environment.AUTH_JWT_SECRET);
      expect(await signIn(AUTH_URL)).toBe(200);
      const reply = await fetch(`${AUTH_URL}/refresh`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ refresh_token: session.refresh_token }),
      });
      session = (await reply.json()) as SessionReply;
      expect(reply.status).toBe(200);
      expect(await again.stop(end)).toBe(end === "SIGINT" ? 0 : null);
    }
  });
});

describe("dev without a folder", patient, () => {
  it("runs by npm, on a port and a project of one's own, and prints one line of JSON", async () => {
    const port = await freePort();
    const args = ["run", "dev", "--", "--port", port, "--data", "memory", "--json"];
    const npm = await startCommand("npm", args, /^\{.*\}$/m, { MIOSA_AUTH_PROJECT: "proj_own" });
    started.push(npm);
    expect(JSON.parse(npm.printed)).toEqual({
      AUTH_URL: `http://localhost:${port}/proj_own`,
      AUTH_JWT_SECRET: expect.stringMatching(/^[0-9a-f]{64}$/),
      DATABASE_URL: expect.stringMatching(/^postgres:\/\/postgres@127\.0\.0\.1:\d+\/postgres$/),
    });
    const { AUTH_URL } = JSON.parse(npm.printed);
    expect((await fetch(`${AUTH_URL}/health/ready`)).status).toBe(200);

    const env = { MIOSA_AUTH_PORT: port, MIOSA_AUTH_DATA: "memory" };
    const { code, stderr } = await runCli(["dev"], env);
    expect([code, stderr]).toEqual([
      1,
      `error: Port ${port} is in use; choose another with --port\n`,
    ]);
  });

  it("refuses a project id that cannot be one", async () => {
    const { code, stderr } = await runCli(["dev", "--data", "memory", "--project", "Demo"]);
    expect([code, stderr.includes("A project id is")]).toEqual([1, true]);
  });
});

async function freePort(): Promise<string> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return String(port);
}

async function runCurlLine(line: string): Promise<string> {
  if (hasCurl) return (await runCommand("bash", ["-c", line])).stdout;
  const [, url = "", type = "", body = ""] =
    /^curl (\S+) -H 'Content-Type: (\S+)' -d '(.*)'$/.exec(line) ?? [];
  return (await fetch(url, { method: "POST", headers: { "Content-Type": type }, body })).text();
}
