import { Command } from "commander";
import { AuthError, sendTestMail } from "../../../src/index.ts";
import { type MailFlags, mailOptions, mailSettings } from "../../mail_options.ts";
import { databaseOption, jsonOption, requireKeyring, withDatabase } from "../../options.ts";
import { print } from "../../output.ts";
import { withSpinner } from "../../terminal.ts";

interface Options extends MailFlags {
  database: string;
  json?: boolean;
}

export function mailTest(): Command {
  const command = new Command("test")
    .description("Send a test mail as a project sends, at once, and say what came of it")
    .argument("<project>", "the project")
    .argument("<address>", "who gets it");
  for (const option of mailOptions()) command.addOption(option);
  return command
    .addOption(databaseOption())
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Takes the project's own transport, or that of the server where it has none. Needs MIOSA_AUTH_KEY, and
MIOSA_AUTH_MAIL_SECRET where the server's is a webhook.`,
    )
    .action(async (project: string, address: string, options: Options) => {
      const keyring = requireKeyring();
      const fleet = mailSettings(options);
      const result = await withDatabase(options.database, (database) =>
        withSpinner("Sending", () => sendTestMail(database, project, address, { keyring, fleet })),
      );
      if (result.failure !== null) {
        const remedy = result.remedy === null ? "" : `: ${result.remedy}`;
        throw new AuthError("validation_failed", {
          message: `The mail was not taken (${result.failure})${remedy}`,
        });
      }
      print(result, options.json, () => [`Sent to ${result.to}.`]);
    });
}
