import { Argument, Command, Option } from "commander";
import {
  removeUserTrigger,
  setUserTrigger,
  type UserEvent,
  userEvents,
} from "../../../src/index.ts";
import { databaseOption, jsonOption, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";

interface Options {
  database: string;
  on: UserEvent;
  remove?: boolean;
  json?: boolean;
}

export function projectTrigger(): Command {
  return new Command("trigger")
    .description("Run a function of your own after a user signs up, changes or is deleted")
    .argument("<id>", "the project")
    .addArgument(new Argument("[function]", "with its schema, such as app.make_profile"))
    .addOption(new Option("--on <event>", "what it follows").choices(userEvents).default("signup"))
    .addOption(new Option("--remove", "take it away again"))
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
It runs in the transaction of the event: a profile's row is made with its user, or neither is. When
it says \`raise exception 'message'\`, the caller is answered 422 refused_by_application with that
message, and nothing is written. It must be SECURITY DEFINER with a search_path of its own, so that
it runs with its owner's rights and no others. It sees the whole row, the password's hash included:
let it belong to the role of your migrations, not to the one that serves requests.`,
    )
    .action(async (id: string, name: string | undefined, options: Options, command: Command) => {
      const { on } = options;
      if ((name === undefined) !== (options.remove === true)) {
        command.error("error: give either a function or --remove", { exitCode: 2 });
      }
      await withDatabase(options.database, (database) =>
        name === undefined
          ? removeUserTrigger(database, id, on)
          : setUserTrigger(database, id, on, name),
      );
      print({ project: id, on, function: name ?? null }, options.json, () => [
        name === undefined
          ? `Nothing of yours follows a ${on} of ${id} any more.`
          : `${name} follows each ${on} of ${id}.`,
      ]);
    });
}
