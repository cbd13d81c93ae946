import {
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  trace,
} from "@opentelemetry/api";
import { createMiddleware } from "hono/factory";
import { isHeard, tracer } from "../telemetry/spans.ts";
import { knownMethod, routeTemplate } from "./route_template.ts";
import type { HttpContext, HttpEnv } from "./service.ts";

const headers: TextMapGetter<HttpContext["req"]> = {
  get: (request, name) => request.header(name),
  keys: (request) => Object.keys(request.header()),
};

/** A span for each request, below the one that its headers or the server around this one name. */
export const traceRequests = createMiddleware<HttpEnv>((c, next) => {
  const around = context.active();
  const parent = trace.getSpan(around) ? around : propagation.extract(around, c.req, headers);
  const span = tracer.startSpan(knownMethod(c), { kind: SpanKind.SERVER }, parent);
  if (!isHeard(span)) return next();
  return context.with(trace.setSpan(parent, span), async () => {
    try {
      await next();
    } finally {
      describe(span, c);
      span.end();
    }
  });
});

function describe(span: Span, c: HttpContext): void {
  const method = knownMethod(c);
  const route = routeTemplate(c);
  const { status } = c.res;
  const code = c.get("refusalCode");
  const project = c.get("project")?.id;
  span.updateName(`${method} ${route}`);
  span.setAttributes({
    "http.request.method": method,
    "http.route": route,
    "http.response.status_code": status,
    ...(code ? { "error.type": code } : {}),
    ...(project ? { "miosa_auth.project": project } : {}),
  });
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
}
