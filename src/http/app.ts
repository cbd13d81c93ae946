import { OpenAPIHono } from "@hono/zod-openapi";
import { createMiddleware } from "hono/factory";
import { AuthError } from "../errors.ts";
import { accessLog } from "./access_log.ts";
import { registerAuthorize } from "./authorize.ts";
import { registerCallback } from "./callback.ts";
import { projectCors } from "./cors.ts";
import { countRequests } from "./count_requests.ts";
import { registerDevMailbox } from "./dev_mailbox/routes.ts";
import { errorReply } from "./errors.ts";
import { fixedHeaders } from "./fixed_headers.ts";
import { onlyLooksByHead } from "./head_requests.ts";
import { registerHealth, registerServerHealth } from "./health.ts";
import { registerIdentities } from "./identities.ts";
import { registerInvite } from "./invite.ts";
import { registerJwks } from "./jwks.ts";
import { registerLogout } from "./logout.ts";
import { registerMagicLink } from "./magic_link.ts";
import { registerOpenApi } from "./openapi.ts";
import { registerPages } from "./pages/register.ts";
import { registerReauthenticate } from "./reauthenticate.ts";
import { registerRecovery } from "./recovery.ts";
import { registerRefresh } from "./refresh.ts";
import { bodyBounds, jsonBody } from "./request_body.ts";
import { requestProject } from "./request_project.ts";
import { registerResend } from "./resend.ts";
import { withoutProject } from "./routing.ts";
import type { App, HttpContext, HttpEnv, Service } from "./service.ts";
import { registerSessions } from "./sessions.ts";
import { registerSettings } from "./settings.ts";
import { registerSignup } from "./signup.ts";
import { registerToken } from "./token.ts";
import { traceRequests } from "./trace_requests.ts";
import { registerUpdateUser } from "./update_user.ts";
import { registerUser } from "./user.ts";
import { registerVerify } from "./verify.ts";

/** The whole HTTP surface, for every project of a fleet: the first segment of the path chooses. */
export function createApp(service: Service): App {
  const app: App = new OpenAPIHono<HttpEnv>({
    getPath: (request) => withoutProject(request).path,
    defaultHook: (result) => {
      if (!result.success)
        throw new AuthError("validation_failed", { message: firstIssue(result.error) });
    },
  });
  app.onError((error, c) => errorReply(error, c as HttpContext));
  app.notFound((c) => errorReply(new AuthError("not_found"), c as HttpContext));

  app.use(traceRequests);
  if (service.metrics) app.use(countRequests(service.metrics));
  app.use((c, next) => {
    c.set("service", service);
    return next();
  });
  app.use(fixedHeaders);
  // Before the access log, since its page looks for news each second.
  if (service.mailbox) registerDevMailbox(app, service.mailbox);
  app.use(accessLog);
  app.use(onlyErrors);
  app.use(bodyBounds);
  registerServerHealth(app);
  app.use(projectOfRequest);
  app.use(onlyLooksByHead);
  registerPages(app);
  registerAuthorize(app);
  registerCallback(app);
  app.use(projectCors);
  app.use(jsonBody);

  registerSignup(app);
  registerToken(app);
  registerRefresh(app);
  registerLogout(app);
  registerUser(app);
  registerUpdateUser(app);
  registerRecovery(app);
  registerMagicLink(app);
  registerVerify(app);
  registerResend(app);
  registerReauthenticate(app);
  registerInvite(app);
  registerIdentities(app);
  registerSessions(app);
  registerSettings(app);
  registerJwks(app);
  registerHealth(app);
  registerOpenApi(app);
  return app;
}

// Anything can be thrown; only an Error reaches the handler of errors.
const onlyErrors = createMiddleware<HttpEnv>(async (_, next) => {
  try {
    await next();
  } catch (thrown) {
    throw new AuthError("unexpected_failure", { cause: thrown });
  }
});

const projectOfRequest = createMiddleware<HttpEnv>(async (c, next) => {
  const { projectId } = withoutProject(c.req.raw);
  if (projectId === null) throw new AuthError("project_not_found");
  const project = await requestProject(service(c), projectId);
  const socket = c.env?.incoming?.socket;
  c.set("project", project);
  c.set("client", {
    address: service(c).clientAddress(socket?.remoteAddress, c.req.raw.headers) ?? null,
    userAgent: printable(c.req.header("User-Agent")),
    // The server ends its half as soon as a client has ended its own.
    hasLeft: () => socket?.destroyed === true || socket?.writableEnded === true,
  });
  return next();
});

function service(c: HttpContext): Service {
  return c.get("service");
}

// Kept in the session list and the audit log, where no control character may stand.
function printable(text: string | undefined): string | null {
  return text?.replaceAll(/[^\x20-\x7e\xa0-\xff]/g, "").slice(0, 255) || null;
}

function firstIssue(error: { issues: { path: PropertyKey[]; message: string }[] }): string {
  const [issue] = error.issues;
  const path = issue?.path.map(String).join(".");
  return path ? `${path}: ${issue?.message}` : (issue?.message ?? "The request is not valid");
}
