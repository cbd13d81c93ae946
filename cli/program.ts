import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Command } from "commander";
import { completion } from "./commands/completion.ts";
import { databaseInit } from "./commands/database/init.ts";
import { dev } from "./commands/dev.ts";
import { doctor } from "./commands/doctor.ts";
import { keyGenerate } from "./commands/key/generate.ts";
import { mailList } from "./commands/mail/list.ts";
import { mailPreview } from "./commands/mail/preview.ts";
import { mailRetry } from "./commands/mail/retry.ts";
import { mailStatus } from "./commands/mail/status.ts";
import { mailSuppress } from "./commands/mail/suppress.ts";
import { mailSuppressed } from "./commands/mail/suppressed.ts";
import { mailTemplate } from "./commands/mail/template.ts";
import { mailTest } from "./commands/mail/test.ts";
import { mailTransport } from "./commands/mail/transport.ts";
import { mailUnsuppress } from "./commands/mail/unsuppress.ts";
import { migrate } from "./commands/migrate.ts";
import { projectAdopt } from "./commands/project/adopt.ts";
import { projectClaims } from "./commands/project/claims.ts";
import { projectCreate } from "./commands/project/create.ts";
import { projectDelete } from "./commands/project/delete.ts";
import { projectEnv } from "./commands/project/env.ts";
import { projectGrant } from "./commands/project/grant.ts";
import { projectInstallSqlLogin } from "./commands/project/install_sql_login.ts";
import { projectList } from "./commands/project/list.ts";
import { projectPrune } from "./commands/project/prune.ts";
import { projectReference } from "./commands/project/reference.ts";
import { projectResume } from "./commands/project/resume.ts";
import { projectRevoke } from "./commands/project/revoke.ts";
import { projectRotateSecret } from "./commands/project/rotate_secret.ts";
import { projectSet } from "./commands/project/set.ts";
import { projectSettings } from "./commands/project/settings.ts";
import { projectShow } from "./commands/project/show.ts";
import { projectSignOut } from "./commands/project/sign_out.ts";
import { projectSuspend } from "./commands/project/suspend.ts";
import { projectTrigger } from "./commands/project/trigger.ts";
import { providerAdd } from "./commands/provider/add.ts";
import { providerList } from "./commands/provider/list.ts";
import { providerRemove } from "./commands/provider/remove.ts";
import { providerTest } from "./commands/provider/test.ts";
import { serve } from "./commands/serve.ts";
import { sql } from "./commands/sql.ts";
import { usersBan } from "./commands/users/ban.ts";
import { usersCreate } from "./commands/users/create.ts";
import { usersDelete } from "./commands/users/delete.ts";
import { usersList } from "./commands/users/list.ts";
import { usersPrune } from "./commands/users/prune.ts";
import { usersSessions } from "./commands/users/sessions.ts";
import { usersShow } from "./commands/users/show.ts";
import { usersUnban } from "./commands/users/unban.ts";

/** The whole command line; parse errors are thrown, not exited on. */
export function createProgram(): Command {
  const program = new Command("miosa-auth")
    .description("Auth that lives in your own Postgres")
    .version(packageVersion())
    .addHelpText(
      "after",
      `
Start here:
  $ miosa-auth dev                                  a whole auth service in this process, no database needed
  $ export MIOSA_AUTH_KEY=$(miosa-auth key generate)  what seals secrets in your database; keep it
  $ miosa-auth project create proj_shop --database postgres://...
  $ miosa-auth serve --database postgres://...

Exit codes: 0 done, 1 refused with a reason, 2 wrong usage.`,
    );
  program.addCommand(dev()).addCommand(serve());
  program.addCommand(
    group("project", "Create projects and look after them", [
      projectCreate(),
      projectList(),
      projectShow(),
      projectEnv(),
      projectSettings(),
      projectSet(),
      projectRotateSecret(),
      projectSignOut(),
      projectSuspend(),
      projectResume(),
      projectDelete(),
      projectGrant(),
      projectRevoke(),
      projectReference(),
      projectTrigger(),
      projectClaims(),
      projectInstallSqlLogin(),
      projectAdopt(),
      projectPrune(),
    ]),
  );
  program.addCommand(
    group("users", "Look after the users of a project", [
      usersList(),
      usersShow(),
      usersCreate(),
      usersBan(),
      usersUnban(),
      usersSessions(),
      usersDelete(),
      usersPrune(),
    ]),
  );
  program.addCommand(
    group("provider", "Where else the users of a project can sign in", [
      providerAdd(),
      providerList(),
      providerTest(),
      providerRemove(),
    ]),
  );
  program.addCommand(
    group("mail", "What mails say, and how they are sent", [
      mailTransport(),
      mailTest(),
      mailStatus(),
      mailList(),
      mailRetry(),
      mailSuppress(),
      mailUnsuppress(),
      mailSuppressed(),
      mailTemplate(),
      mailPreview(),
    ]),
  );
  program.addCommand(group("database", "Prepare a database to hold projects", [databaseInit()]));
  program.addCommand(migrate()).addCommand(doctor()).addCommand(sql()).addCommand(completion());
  program.addCommand(group("key", "The key that seals secrets at rest", [keyGenerate()]));
  return throwing(program);
}

function group(name: string, description: string, commands: Command[]): Command {
  const parent = new Command(name).description(description);
  for (const command of commands) parent.addCommand(command);
  return parent;
}

function throwing(command: Command): Command {
  command.exitOverride().showHelpAfterError("(--help says more)");
  for (const child of command.commands) throwing(child);
  return command;
}

function packageVersion(): string {
  const file = createRequire(import.meta.url).resolve("miosa-auth/package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
