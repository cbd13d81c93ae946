import { Command, InvalidArgumentError } from "commander";
import { assignSettings } from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";
import { details } from "../../terminal.ts";

export function projectSet(): Command {
  return new Command("set")
    .description("Change settings of a project; running servers follow within five seconds")
    .argument("<id>", "the project")
    .argument(
      "<assignments...>",
      "key=value; commas between the elements of a list",
      parseAssignment,
    )
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
  $ miosa-auth project set proj_shop signup_enabled=false cors_origins=https://shop.example,https://www.shop.example

All of it is changed, or nothing. \`project settings\` shows what there is; docs/operators.md says what
each is for.`,
    )
    .action(
      async (
        id: string,
        assignments: Record<string, string>,
        options: { database: string; json?: boolean },
      ) => {
        const settings = await withDatabase(options.database, (database) =>
          assignSettings(database, id, assignments),
        );
        const changed = Object.fromEntries(
          Object.keys(assignments).map((name) => [name, settings[name]]),
        );
        print(settings, options.json, () => details(changed));
      },
    );
}

function parseAssignment(text: string, before: Record<string, string> = {}) {
  const [, name, value] = /^([a-z_]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError("A setting is changed with key=value.");
  }
  if (Object.hasOwn(before, name)) throw new InvalidArgumentError(`${name} is given twice.`);
  return { ...before, [name]: value };
}
