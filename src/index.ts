/**
 * The public door of MIOSA Auth: the service as a handler, its databases, and what the command line
 * does, as functions.
 */
export { type Auth, type AuthOptions, createAuth, type MailOptions } from "./auth.ts";
export type { Database, Transaction } from "./database/database.ts";
export { type EmbeddedOptions, openEmbedded } from "./database/embedded.ts";
export { DatabaseError } from "./database/errors.ts";
export type { UserJson } from "./database/functions.ts";
export { connectPostgres, type PostgresOptions } from "./database/postgres.ts";
export type { DatabasePortChoice } from "./development/ports.ts";
export {
  type Development,
  type DevelopmentEnvironment,
  type DevelopmentOptions,
  startDevelopment,
} from "./development/start.ts";
export { AuthError, type AuthErrorCode, errorTable } from "./errors.ts";
export { type MetricsServerOptions, startMetricsServer } from "./http/metrics_server.ts";
export { type RunningServer, type ServerOptions, startServer } from "./http/server.ts";
export type { MailWording } from "./mail/message.ts";
export { type Preview, type PreviewOptions, previewMails, writePreviews } from "./mail/preview.ts";
export { type MailPurpose, mailPurposes } from "./mail/purposes.ts";
export { projectTemplates } from "./mail/templates/built_in.ts";
export { readFleetTemplates, readTemplates, writeTemplates } from "./mail/templates/folder.ts";
export type { FolderTemplate, OwnTemplate } from "./mail/templates/template.ts";
export { type MailboxTransport, mailboxTransport } from "./mail/transports/mailbox.ts";
export type { MailSettings } from "./mail/transports/open.ts";
export type { PruningOptions } from "./maintenance/pruning.ts";
export { examineProvider, type ProviderFinding } from "./oauth/examine.ts";
export { openRemote, type Remote, type RemoteOptions } from "./oauth/remote.ts";
export {
  countMail,
  listMail,
  type MailCounts,
  type MailFilter,
  type MailState,
  mailStates,
  type QueuedMail,
  retryMail,
} from "./outbox/queue.ts";
export {
  liftSuppression,
  listSuppressions,
  type Suppression,
  type SuppressionReason,
  suppressAddress,
  suppressionReasons,
} from "./outbox/suppressions.ts";
export { sendTestMail, type TestMailResult } from "./outbox/test_mail.ts";
export {
  readMailTransport,
  removeMailTransport,
  type ShownTransport,
  setMailTransport,
  shownTransport,
} from "./outbox/transport.ts";
export { type AdoptedProject, adoptProject } from "./projects/adopt_project.ts";
export { type CreatedProject, createProject, type NewProject } from "./projects/create_project.ts";
export {
  readCustomClaims,
  removeCustomClaims,
  setCustomClaims,
} from "./projects/custom_claims.ts";
export { deleteProject } from "./projects/delete_project.ts";
export { type ExaminationOptions, examineDatabase } from "./projects/doctor/doctor.ts";
export type { Finding } from "./projects/doctor/finding.ts";
export type { FailedProject, FleetOptions, Progress } from "./projects/each_project.ts";
export { authUrlOf, type ProjectEnvironment, readEnvironment } from "./projects/environment.ts";
export { grantHelpers, grantReferences, revokeHelpers } from "./projects/grants.ts";
export { installScript, type ScriptedProject } from "./projects/install_script.ts";
export {
  readMailWording,
  removeMailTemplates,
  setMailTemplates,
} from "./projects/mail_templates.ts";
export {
  ensurePrepared,
  type PreparedDatabase,
  type PrepareOptions,
  prepareDatabase,
} from "./projects/prepare_database.ts";
export { type ProviderOptions, providerKinds } from "./projects/provider_rules.ts";
export {
  listProviders,
  type NewProvider,
  openProvider,
  removeProvider,
  type ShownProvider,
  setProvider,
} from "./projects/providers.ts";
export { type PrunedRows, pruneProject } from "./projects/prune_project.ts";
export { type FleetPruneReport, pruneProjects } from "./projects/prune_projects.ts";
export {
  addReference,
  type DeleteAction,
  deleteActions,
  type Reference,
  type ReferenceOptions,
  removeReference,
} from "./projects/references.ts";
export { listProjects, type RegisteredProject, requireProject } from "./projects/registry.ts";
export {
  type ActivatedSecret,
  activateNextSecret,
  type NewSecret,
  type PublishedSecret,
  publishNextSecret,
  replaceSecretNow,
} from "./projects/rotate_secret.ts";
export { checkRuntime } from "./projects/runtime_check.ts";
export { generateMasterKey, type Keyring, parseKeyring } from "./projects/secrets.ts";
export {
  assignSettings,
  changeSettings,
  readSettings,
  type Settings,
} from "./projects/settings.ts";
export { installSqlLogin, removeSqlLogin, type SqlLoginOptions } from "./projects/sql_login.ts";
export { resumeProject, suspendProject } from "./projects/state.ts";
export {
  removeUserTrigger,
  setUserTrigger,
  type UserEvent,
  userEvents,
} from "./projects/triggers.ts";
export { type UpgradeOptions, upgradeProject } from "./projects/upgrade_project.ts";
export {
  type FleetUpgradeOptions,
  planUpgrade,
  type UpgradePlan,
  type UpgradeReport,
  upgradeProjects,
} from "./projects/upgrade_projects.ts";
export { processRegistry } from "./telemetry/metrics.ts";
export { type CreateUserOptions, createUser, type NewUser } from "./users/create.ts";
export { type ListOptions, listUsers, type UserPage } from "./users/list.ts";
export {
  banUser,
  deleteUser,
  listUserSessions,
  revokeUserSessions,
  showUser,
  type UserSession,
  unbanUser,
} from "./users/manage.ts";
export {
  countOldAnonymousUsers,
  type PruneOptions,
  type PruneReport,
  pruneAnonymousUsers,
} from "./users/prune.ts";
export { type SignOutReport, signOutUsers } from "./users/sign_out.ts";
export { type FleetSignOutReport, signOutProjects } from "./users/sign_out_projects.ts";
