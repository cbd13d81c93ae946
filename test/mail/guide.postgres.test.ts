import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Finished, runCli, startCli } from "../support/cli.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

const blocks = [...readFileSync("docs/mail.md", "utf8").matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
  ([, code = ""]) => code,
);

let project: TestProject;
let folder: string;
let env: Record<string, string>;
let serving: Record<string, string>;

beforeAll(async () => {
  project = await createTestProject({ name: "Corner Shop" });
  const { engine, runtimeRole, masterKey } = project.service;
  if (engine.kind !== "postgres") throw new Error("this file is for Postgres");
  env = { MIOSA_AUTH_DATABASE: engine.adminUrl };
  serving = {
    MIOSA_AUTH_DATABASE: engine.url(runtimeRole),
    MIOSA_AUTH_KEY: masterKey,
    MIOSA_AUTH_DRAIN: "0",
  };
  folder = await mkdtemp(join(tmpdir(), "miosa-guide-"));
});

afterAll(() => rm(folder, { recursive: true }));

/** Runs the guide's block that contains a text, as a reader would, with the test's project in it. */
async function run(containing: string): Promise<string> {
  const found = blocks.filter((code) => code.includes(containing));
  if (found.length !== 1 || !found[0]) throw new Error(`${found.length} blocks: ${containing}`);
  const command = `miosa-auth() { node ${resolve("dist/cli/main.js")} "$@"; }\n`;
  const { stdout } = await promisify(execFile)(
    "bash",
    ["-euo", "pipefail", "-c", command + found[0].replaceAll("proj_shop", project.id)],
    { cwd: folder, env: { ...process.env, ...env } },
  );
  return stdout;
}

const look = (name: string) => readFile(join(folder, "looks", name), "utf8");
const cli = (...args: string[]): Promise<Finished> => runCli(args, env);

describe("the guide to mails", () => {
  it("shows the built-in mails, without a database", async () => {
    await run("mail preview\n");
    expect(await readdir(join(folder, "mail-preview"))).toHaveLength(48);
    expect(await look("recovery.de.txt")).toContain("Subject: Neues Passwort für Corner Shop");
    await rm(join(folder, "looks"), { recursive: true });
  });

  it("puts a project's own words in place, which preview and list then show", async () => {
    const printed = await run("--export in-use");
    expect(printed).toContain("Wrote 72 files");
    expect(printed).toContain(`${project.id} has 1 template(s): recovery.en`);
    expect(await look("recovery.en.txt")).toContain(
      "Subject: A new password for Corner Shop, Ada Lovelace\n",
    );
    expect(await run("--list")).toMatch(/recovery\ten\tA new password[\s\S]*built-in words again/);
    expect((await cli("mail", "template", project.id, "--json")).stdout).toBe("[]\n");
  });

  it("gives a fleet words of its own, for one project or all", async () => {
    await run("mkdir -p fleet");
    expect(await look("recovery.en.txt")).toContain("A new password for Corner Shop, Ada");
  });

  it("has a server start with the fleet's folder, and not with a wrong one", async () => {
    const block = blocks.find((code) => code.includes("miosa-auth serve")) ?? expect.fail();
    const [, ...args] = block.trim().split(" ");
    const at = args.indexOf("fleet");
    const server = await startCli(
      [...args.with(at, join(folder, "fleet")), "--port", "0"],
      serving,
    );
    expect(await server.stop("SIGTERM")).toBe(0);
    const wrong = await runCli([...args.with(at, join(folder, "looks")), "--port", "0"], serving);
    expect(wrong).toMatchObject({ code: 1, stdout: "" });
    expect(wrong.stderr).toContain(".subject.txt is missing");
  });

  it("has run each of its commands", () => {
    const ran = ["mail preview\n", "--export in-use", "--list", "mkdir -p fleet", "serve"];
    expect(blocks).toHaveLength(ran.length);
    for (const code of blocks) expect(ran.filter((text) => code.includes(text))).toHaveLength(1);
  });
});

describe("mail template", () => {
  it("takes in what it wrote out, and writes over nothing", async () => {
    const words = join(folder, "round-trip");
    expect((await cli("mail", "template", project.id, "--export", words)).code).toBe(0);
    const again = await cli("mail", "template", project.id, "--export", words);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("is there already")]);
    const taken = await cli("mail", "template", project.id, "--from", words, "--json");
    expect(JSON.parse(taken.stdout).taken).toHaveLength(24);
    const back = join(folder, "back");
    await cli("mail", "template", project.id, "--export", back);
    for (const name of await readdir(words)) {
      const [one, other] = await Promise.all(
        [words, back].map((each) => readFile(join(each, name), "utf8")),
      );
      expect(other).toBe(one);
    }
    const removed = await cli("mail", "template", project.id, "--remove", "recovery", "--json");
    expect(JSON.parse(removed.stdout).removed).toEqual(["recovery.de", "recovery.en"]);
  });

  it("refuses a wrong template with its name and stores nothing of the folder", async () => {
    const before = await cli("mail", "template", project.id, "--json");
    const wrong = join(folder, "wrong");
    await promisify(execFile)("cp", ["-r", join(folder, "in-use"), wrong]);
    await promisify(execFile)("sh", ["-c", `echo '{{ user.name }}' >> ${wrong}/invite.en.html`]);
    const refused = await cli("mail", "template", project.id, "--from", wrong);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("invite.en.html: there is no variable user.name"),
    ]);
    expect((await cli("mail", "template", project.id, "--json")).stdout).toBe(before.stdout);
  });

  it("refuses wrong usage with 2, and unknown projects and languages with 1", async () => {
    for (const wrong of [
      ["template"],
      ["template", project.id, "--from", "a", "--list"],
      ["template", project.id, "--remove", "recovery", "en", "de"],
      ["preview", "--purpose", "fortune"],
    ]) {
      expect([wrong, (await cli("mail", ...wrong)).code]).toEqual([wrong, 2]);
    }
    expect((await runCli(["mail", "preview", project.id])).code).toBe(2);
    expect((await cli("mail", "template", "proj_nobody", "--list")).code).toBe(1);
    const language = await cli("mail", "preview", "--language", "xx", "--out", join(folder, "xx"));
    expect([language.code, language.stderr]).toEqual([1, expect.stringContaining("in xx")]);
  });
});
