import { execFileSync, spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { completionScript, shells } from "../../cli/completion.ts";
import { createProgram } from "../../cli/program.ts";

const script = completionScript(createProgram(), "bash");

/** What bash would offer after these words; the last is what was begun. */
function offered(...words: string[]): string[] {
  const line = ["miosa-auth", ...words];
  const quoted = line.map((word) => `'${word}'`).join(" ");
  const ask = `COMP_WORDS=(${quoted}); COMP_CWORD=${line.length - 1}; _miosa_auth; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const printed = execFileSync("bash", ["--norc", "-c", `${script}\n${ask}`], { encoding: "utf8" });
  return printed.split("\n").filter((word) => word !== "");
}

describe("the completion of bash", () => {
  it("is a script that bash reads", () => {
    const read = spawnSync("bash", ["-n"], { input: script, encoding: "utf8" });
    expect([read.status, read.stderr]).toEqual([0, ""]);
  });

  it("offers every command, then those of its group", () => {
    const names = createProgram().commands.map((command) => command.name());
    expect(offered("")).toEqual(expect.arrayContaining(names));
    expect(offered("do")).toEqual(["doctor"]);
    expect(offered("project", "cr")).toEqual(["create"]);
    expect(offered("project", "create", "")).not.toContain("list");
  });

  it("offers the flags of a command, after whatever came before", () => {
    expect(offered("migrate", "--d")).toEqual(["--database", "--dry-run"]);
    const url = ["--database", "postgres://host/migrate"];
    expect(offered("project", ...url, "delete", "proj_x", "--y")).toEqual(["--yes"]);
    expect(offered("project", "--database", "list", "sh")).toEqual(["show"]);
    expect(offered("completion", "")).toEqual(expect.arrayContaining([...shells]));
  });

  it("offers no command and no flag where a value belongs", () => {
    expect(offered("serve", "--port", "")).not.toContain("--host");
    expect(offered("doctor", "--project", "--j")).toEqual([]);
  });
});

describe("the completion of zsh and fish", () => {
  it.each(["zsh", "fish"] as const)("of %s names every command and flag", (shell) => {
    const text = completionScript(createProgram(), shell);
    for (const command of createProgram().commands) {
      expect(text).toContain(command.name());
      for (const { long } of command.options) {
        expect(text).toContain(shell === "fish" ? `-l ${long?.slice(2)}` : long);
      }
    }
    if (spawnSync(shell, ["--version"]).error) return;
    const read = spawnSync(shell, ["-n"], { input: text, encoding: "utf8" });
    expect([read.status, read.stderr]).toEqual([0, ""]);
  });
});
