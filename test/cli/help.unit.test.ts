import { readFileSync } from "node:fs";
import { type Command, CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { createProgram } from "../../cli/program.ts";

/** Every command that does something, by its full name. */
const commands = [
  "completion",
  "database init",
  "dev",
  "doctor",
  "key generate",
  "mail list",
  "mail preview",
  "mail retry",
  "mail status",
  "mail suppress",
  "mail suppressed",
  "mail template",
  "mail test",
  "mail transport",
  "mail unsuppress",
  "migrate",
  "project adopt",
  "project claims",
  "project create",
  "project delete",
  "project env",
  "project grant",
  "project install-sql-login",
  "project list",
  "project prune",
  "project reference",
  "project resume",
  "project revoke",
  "project rotate-secret",
  "project set",
  "project settings",
  "project show",
  "project sign-out",
  "project suspend",
  "project trigger",
  "provider add",
  "provider list",
  "provider remove",
  "provider test",
  "serve",
  "sql",
  "users ban",
  "users create",
  "users delete",
  "users list",
  "users prune",
  "users sessions",
  "users show",
  "users unban",
];

function leaves(command: Command, path: string[] = []): [string, Command][] {
  if (command.commands.length === 0) return [[path.join(" "), command]];
  return command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
}

/** Variables that no option is named after. */
const unnamed = [
  "MIOSA_AUTH_CLIENT_SECRET",
  "MIOSA_AUTH_KEY",
  "MIOSA_AUTH_LOG_LEVEL",
  "MIOSA_AUTH_MAIL_SECRET",
];

/** What a command prints when it is asked for help. */
async function help(name: string): Promise<string> {
  let printed = "";
  const writeOut = (text: string) => {
    printed += text;
  };
  const capture = (command: Command) => {
    command.configureOutput({ writeOut, getOutHelpWidth: () => 200 });
    command.commands.forEach(capture);
  };
  const program = createProgram();
  capture(program);
  const args = [...(name === "" ? [] : name.split(" ")), "--help"];
  const error = await program.parseAsync(args, { from: "user" }).catch((reason) => reason);
  expect(error).toBeInstanceOf(CommanderError);
  expect((error as CommanderError).exitCode).toBe(0);
  return printed;
}

describe("the command line's help", () => {
  it("is there for every command", () => {
    const names = leaves(createProgram()).map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(commands));
  });

  it("starts with what to do first, and names the exit codes", async () => {
    const text = await help("");
    for (const line of ["miosa-auth dev", "miosa-auth key generate", "project create", "serve"]) {
      expect(text).toContain(line);
    }
    expect(text).toContain("Exit codes: 0 done, 1 refused with a reason, 2 wrong usage.");
  });

  it.each(leaves(createProgram()))(
    "of %s teaches: what for, arguments, options, variables",
    async (name, command) => {
      const text = await help(name);
      expect(text).toContain(command.description());
      for (const { description } of command.registeredArguments) {
        expect(text).toContain(description);
      }
      for (const { description, envVar } of command.options) {
        expect(text).toContain(description);
        if (envVar) expect(text).toContain(`env: ${envVar}`);
      }
    },
  );

  it.each(["dev", "serve", "database init", "project create"])(
    "of %s has a variable for each flag",
    (name) => {
      const [, command] = leaves(createProgram()).find(([each]) => each === name) ?? [];
      expect(command?.options.length).toBeGreaterThan(2);
      for (const { long, envVar } of command?.options ?? []) {
        expect([long, envVar]).toEqual([long, expect.stringMatching(/^MIOSA_AUTH_[A-Z_]+$/)]);
      }
    },
  );

  it("names no variable that the README's one table does not", () => {
    const table =
      readFileSync("README.md", "utf8")
        .match(/^\|.*\|$/gm)
        ?.join("\n") ?? "";
    const options = leaves(createProgram()).flatMap(([, command]) => command.options);
    const variables = options.flatMap(({ envVar }) => (envVar ? [envVar] : []));
    for (const name of new Set([...variables, ...unnamed])) {
      expect([name, table.includes(`\`${name}\``)]).toEqual([name, true]);
    }
  });

  it.each(["project create", "project env", "serve"])(
    "of %s says that it needs the key, which no argument takes (case 169)",
    async (name) => {
      const text = await help(name);
      expect(text).toContain("MIOSA_AUTH_KEY");
      expect(text).not.toMatch(/--(auth-|master-)?key|--jwt-secret |--password/);
    },
  );
});
