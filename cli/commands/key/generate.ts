import { Command } from "commander";
import { generateMasterKey } from "../../../src/index.ts";
import { jsonOption } from "../../options.ts";
import { print } from "../../output.ts";

export function keyGenerate(): Command {
  return new Command("generate")
    .description("Print a new MIOSA_AUTH_KEY: 64 hex characters")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
It seals the secrets of projects at rest. Keep it outside the database: without it their secrets
cannot be opened, and with it and a dump they can.`,
    )
    .action((options: { json?: boolean }) => {
      const key = generateMasterKey();
      print({ MIOSA_AUTH_KEY: key }, options.json, () => [key]);
    });
}
