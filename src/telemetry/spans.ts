import {
  type Attributes,
  context,
  isSpanContextValid,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { DatabaseError } from "../database/errors.ts";
import { AuthError } from "../errors.ts";

/** Makes spans that go nowhere until the process registers an SDK of OpenTelemetry's. */
export const tracer = trace.getTracer("miosa-auth");

/**
 * Does `work` in a span of its own, below the one that is active. Attributes never hold what somebody
 * sent: no parameter, no address, no token.
 */
export function inSpan<T>(
  name: string,
  attributes: Attributes,
  work: () => Promise<T>,
  kind: SpanKind = SpanKind.INTERNAL,
): Promise<T> {
  const span = tracer.startSpan(name, { kind, attributes });
  if (!isHeard(span)) return work();
  return context.with(trace.setSpan(context.active(), span), async () => {
    try {
      return await work();
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR });
      span.setAttribute("error.type", kindOfError(error));
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Whether an SDK made it; one that is not sampled is, and those below it must know. */
export function isHeard(span: Span): boolean {
  return isSpanContextValid(span.spanContext());
}

// A driver's message quotes parameters, so none is told.
function kindOfError(error: unknown): string {
  if (error instanceof AuthError) return error.code;
  if (error instanceof DatabaseError && error.sqlstate) return error.sqlstate;
  return error instanceof Error ? error.name : "unknown";
}
