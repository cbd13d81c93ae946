import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { DatabaseError } from "../database/errors.ts";
import type { MailConfiguration } from "../database/functions.ts";
import type { ClaimedMail, OutboxFunctions } from "../database/outbox_functions.ts";
import { withDeadline } from "../deadline.ts";
import { AuthError, OperatorError } from "../errors.ts";
import type { Directory, ServableProject } from "../projects/directory.ts";
import { inSpan } from "../telemetry/spans.ts";
import { isWorthSending, openMail, outgoingMail } from "./outgoing.ts";
import { isMailPurpose } from "./purposes.ts";
import type { ProjectRoute, Route, Routes } from "./routes.ts";
import type { FolderTemplate } from "./templates/template.ts";
import { MailRefused } from "./transports/transport.ts";

export interface DeliverOptions {
  readonly outbox: OutboxFunctions;
  readonly directory: Directory;
  readonly routes: Routes;
  /** The AUTH_URL of a project. */
  readonly authUrl: (projectId: string) => string;
  readonly folderTemplates: readonly FolderTemplate[];
  readonly logger: Logger;
  /** Milliseconds for one mail, from the first byte to the answer. */
  readonly sendTimeout: number;
  /** Aborted when no mail may be begun any more. */
  readonly stopping: AbortSignal;
  /** Aborted when a mail that is under way must be given up. */
  readonly giveUp: AbortSignal;
  /** Hears what came of each try. */
  readonly tried: (outcome: MailOutcome) => void;
  /** Hears of calls that failed and are made again. */
  readonly databaseFailed: (error: unknown) => void;
}

// Seconds until somebody may have mended what keeps all mail of a project.
const untilMended = 60;
const oldest = 7 * 24 * 60 * 60 * 1_000;
const mostAttempts = 100;

/**
 * What came of a try, as it is counted: `failed` is tried again, `parked` is given up, `deferred` was
 * not tried at all, `dropped` is not worth sending any more.
 */
export type MailOutcome = "sent" | "failed" | "parked" | "deferred" | "dropped";

/** What becomes of a mail that was not sent. */
type Verdict =
  | { readonly kind: "release" }
  | { readonly kind: "settle"; readonly because: string }
  | { readonly kind: "defer"; readonly failure: string; readonly seconds: number; cause?: unknown }
  | { readonly kind: "postpone"; readonly failure: string; readonly isPermanent: boolean }
  | { readonly kind: "bounce"; readonly failure: string; readonly project: ServableProject };

/** Tries one leased mail and records what came of it. Rejects only when the database is away. */
export async function deliver(mail: ClaimedMail, options: DeliverOptions): Promise<void> {
  const { outbox, logger, tried } = options;
  const started = performance.now();
  const line = {
    mail: mail.id,
    project: mail.project_id,
    purpose: mail.purpose,
    attempts: mail.attempts,
  };
  const verdict = await inSpan("deliver mail", {}, () => attempt(mail, options)).catch(unexpected);
  const ms = Math.round(performance.now() - started);
  if (verdict === null) {
    tried("sent");
    await settle(mail, options);
    logger.info({ ...line, ms }, "mail sent");
    return;
  }
  switch (verdict.kind) {
    case "release":
      await outbox.release(mail);
      return;
    case "settle":
      await outbox.settle(mail);
      tried("dropped");
      logger.info({ ...line, reason: verdict.because }, "mail dropped");
      return;
    case "defer":
      await outbox.defer(mail, verdict.failure, verdict.seconds);
      tried("deferred");
      logDeferral(logger, line, verdict);
      return;
    case "bounce":
    case "postpone": {
      const { failure } = verdict;
      const state =
        verdict.kind === "bounce"
          ? await bounce(mail, failure, verdict.project, outbox)
          : await outbox.postpone(mail, failure, verdict.isPermanent);
      tried(state === "parked" ? "parked" : "failed");
      const level = state === "parked" ? "error" : "warn";
      logger[level]({ ...line, failure, state, ms }, "mail not sent");
    }
  }
}

/** Null when the mail has left. */
async function attempt(mail: ClaimedMail, options: DeliverOptions): Promise<Verdict | null> {
  const { directory, routes, stopping } = options;
  const hopeless = hopelessness(mail);
  if (hopeless) return { kind: "postpone", failure: hopeless, isPermanent: true };
  if (mail.is_suppressed) return { kind: "settle", because: "its address is suppressed" };
  let project: ServableProject;
  let found: ProjectRoute;
  try {
    project = await directory.find(mail.project_id);
    found = await routes.of(project);
  } catch (cause) {
    if (!(cause instanceof AuthError || cause instanceof OperatorError)) throw cause;
    const failure = cause instanceof AuthError ? cause.code : "transport settings";
    return { kind: "defer", failure, seconds: untilMended, cause };
  }
  const { route } = found;
  if (!route) return { kind: "defer", failure: "no transport", seconds: untilMended };
  if (stopping.aborted) return { kind: "release" };
  const wait = route.enter();
  if (wait > 0) {
    return { kind: "defer", failure: "transport is down", seconds: Math.ceil(wait / 1_000) };
  }
  return sendThrough(route, mail, project, found.configuration, options);
}

// A fault of this program's own, which must not keep the mail at the head of the queue. What the
// database says is not about one mail.
function unexpected(error: unknown): Verdict {
  if (error instanceof DatabaseError || error instanceof AuthError) throw error;
  const name = error instanceof Error ? error.name : "error";
  return { kind: "postpone", failure: `unexpected ${name}`, isPermanent: false };
}

function hopelessness(mail: ClaimedMail): string | null {
  if (mail.attempts > mostAttempts) return "too many attempts";
  if (Date.now() - Date.parse(mail.queued_at) > oldest) return "too old";
  return isMailPurpose(mail.purpose) ? null : "unknown purpose";
}

// Whoever entered a route says how it went, whatever happens in between.
async function sendThrough(
  route: Route,
  mail: ClaimedMail,
  project: ServableProject,
  configuration: MailConfiguration,
  options: DeliverOptions,
): Promise<Verdict | null> {
  let isUp: boolean | null = null;
  try {
    const payload = openMail(mail, project);
    if (!payload) return { kind: "postpone", failure: "payload does not open", isPermanent: true };
    if (!(await isWorthSending(payload, project))) {
      return { kind: "settle", because: "its token was used, replaced or too old" };
    }
    const outgoing = outgoingMail(mail, payload, { configuration, route, ...options });
    const { giveUp, sendTimeout } = options;
    await withDeadline(sendTimeout, [giveUp], (signal) => route.transport.send(outgoing, signal));
    isUp = true;
    return null;
  } catch (error) {
    if (!(error instanceof MailRefused)) throw error;
    isUp = !error.isTransportDown;
    if (error.remedy) {
      options.logger.error({ project: mail.project_id, reason: error.remedy }, "mail is held up");
    }
    const { failure, isPermanent, isBounce } = error;
    if (isBounce) return { kind: "bounce", failure, project };
    return { kind: "postpone", failure, isPermanent };
  } finally {
    route.leave(isUp);
  }
}

// The audit log is the project's, and the list everybody's: two calls. In this order no address is suppressed
// without a line.
async function bounce(
  mail: ClaimedMail,
  failure: string,
  { functions }: ServableProject,
  outbox: OutboxFunctions,
) {
  await functions.noteBounce(mail.recipient);
  return outbox.bounce(mail, failure);
}

// The mail has left: as long as this process lives, that it is not known would send it twice. The
// lease holds until somebody else takes it, which nobody can while the database is away.
async function settle(mail: ClaimedMail, { outbox, giveUp, databaseFailed }: DeliverOptions) {
  for (;;) {
    try {
      await outbox.settle(mail);
      return;
    } catch (error) {
      if (giveUp.aborted) throw error;
      databaseFailed(error);
      await sleep(500, undefined, { signal: giveUp }).catch(() => {});
    }
  }
}

function logDeferral(
  logger: Logger,
  line: object,
  { failure, seconds, cause }: { failure: string; seconds: number; cause?: unknown },
): void {
  const operator = operatorError(cause);
  if (operator) {
    logger.error({ ...line, failure, seconds, reason: operator.message }, "mail waits");
  } else {
    logger.debug({ ...line, failure, seconds }, "mail waits");
  }
}

function operatorError(error: unknown): OperatorError | undefined {
  if (error instanceof OperatorError) return error;
  return error instanceof Error && error.cause ? operatorError(error.cause) : undefined;
}
