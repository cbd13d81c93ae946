import { Command, Option } from "commander";
import { installScript } from "../../src/index.ts";
import { jsonOption, requireKeyring } from "../options.ts";
import { print } from "../output.ts";

interface Options {
  schema?: string;
  json?: boolean;
}

export function sql(): Command {
  return new Command("sql")
    .description("Print the install script, for people who run migrations of their own")
    .addOption(
      new Option("--schema <name>", "a project to create, too; without, the shared part alone").env(
        "MIOSA_AUTH_SCHEMA",
      ),
    )
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
  $ miosa-auth sql --schema proj_shop | psql -v ON_ERROR_STOP=1 --database postgres://...

One transaction of plain SQL, for an administrator with CREATEROLE; it makes what project create
makes. With --schema it needs MIOSA_AUTH_KEY, and seals a fresh secret: print each script once, and
read the secret with project env. For a tool that opens the transaction itself, leave out the lines
begin; and commit;.`,
    )
    .action(async ({ schema, json }: Options) => {
      const script = await installScript(
        schema === undefined ? undefined : { id: schema, keyring: requireKeyring() },
      );
      print({ script }, json, () => [script.trimEnd()]);
    });
}
