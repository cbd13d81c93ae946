import { AsyncLocalStorage } from "node:async_hooks";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type ContextManager, context, propagation, ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openRemote } from "../../src/oauth/remote.ts";
import { quickHasher } from "../../src/testing/quick_hasher.ts";
import { type StubService, stubService } from "../support/stub_database.ts";

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const salt = `$2a$04$${"a".repeat(22)}`;
const email = "needle@example.com";
const password = "a needle of a password";

let service: StubService;

beforeAll(() => {
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(asyncContexts());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});
beforeEach(() => {
  exporter.reset();
  service = stubService({ hasher: quickHasher(), mail: { pollInterval: 0 } });
});
afterEach(() => service.auth.close());
afterAll(async () => {
  await provider.shutdown();
  trace.disable();
  context.disable();
  propagation.disable();
});

/** What `@opentelemetry/sdk-node` brings. */
function asyncContexts(): ContextManager {
  const storage = new AsyncLocalStorage<ReturnType<ContextManager["active"]>>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, work, self, ...args) =>
      storage.run(active, () => work.call(self as never, ...args)),
    bind: (_, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

async function signIn(headers: Record<string, string> = {}): Promise<number> {
  const reply = await service.auth.fetch(
    new Request(`${service.authUrl}/token?hint=needle`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...headers },
      body: JSON.stringify({ email, password }),
    }),
  );
  return reply.status;
}

function tree(spans: readonly ReadableSpan[]): string[] {
  const nameOf = (id: string | undefined) =>
    spans.find((span) => span.spanContext().spanId === id)?.name ?? "";
  return spans.map((span) => `${nameOf(span.parentSpanContext?.spanId)} > ${span.name}`);
}

describe("with an SDK of OpenTelemetry's", () => {
  it("a request is a span named by its route, and calls and hashes are spans below it", async () => {
    service.answer("password_salt", () => ({ outcome: null, attempt: "1", salt }));
    service.answer("login", () => ({ outcome: "invalid_credentials" }));
    expect(await signIn()).toBe(400);
    const spans = exporter.getFinishedSpans();
    expect(tree(spans)).toEqual([
      "POST /token > find_project",
      "POST /token > configuration",
      "POST /token > password_salt",
      "POST /token > hash password",
      "POST /token > login",
      " > POST /token",
    ]);
    expect(spans.at(-1)?.attributes).toEqual({
      "http.request.method": "POST",
      "http.route": "/token",
      "http.response.status_code": 400,
      "error.type": "invalid_credentials",
      "miosa_auth.project": service.projectId,
    });
    expect(spans[2]?.attributes).toEqual({
      "db.system.name": "postgresql",
      "db.stored_procedure.name": "password_salt",
    });
  });

  it("no span tells what was sent, not when the database fails either", async () => {
    service.answer("password_salt", () => {
      throw new Error(`detail: ${email} ${password}`);
    });
    expect(await signIn({ Authorization: `Bearer ${service.token}` })).toBe(500);
    await service.auth.fetch(new Request(`http://auth.test/${service.projectId}/needle`));
    const spans = exporter.getFinishedSpans();
    const told = spans.map(({ name, attributes, events, status }) => ({
      name,
      attributes,
      events,
      status,
    }));
    expect(spans.map(({ name }) => name)).toContain("GET unmatched");
    expect(JSON.stringify(told)).not.toMatch(/needle|eyJ/);
  });

  it("a trace that began with the caller goes on", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    await signIn({ traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    const spans = exporter.getFinishedSpans();
    expect(new Set(spans.map((span) => span.spanContext().traceId))).toEqual(new Set([traceId]));
    expect(spans.at(-1)?.parentSpanContext?.spanId).toBe("b7ad6b7169203331");
  });

  it("a server around this one that has made a span for the request is its parent", async () => {
    const outer = provider.getTracer("a framework").startSpan("outer");
    const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
    await context.with(trace.setSpan(context.active(), outer), () => signIn(headers));
    const own = exporter.getFinishedSpans().at(-1);
    expect(own?.parentSpanContext?.spanId).toBe(outer.spanContext().spanId);
  });

  it("a mail that is delivered is a span of its own", async () => {
    const mail = { id: "1", lease: "l", project_id: service.projectId, purpose: "made_up" };
    const waiting = [
      [{ ...mail, recipient: email, attempts: 1, queued_at: "2026-01-01T00:00:00Z" }],
    ];
    service.answer("claim_mail", () => waiting.pop() ?? []);
    service.answer("postpone_mail", () => "parked");
    await service.auth.deliverMail();
    const spans = exporter.getFinishedSpans();
    expect(spans.map(({ name }) => name)).toContain("deliver mail");
    expect(JSON.stringify(spans.map(({ attributes }) => attributes))).not.toContain("needle");
  });

  it("asking a provider is a span that names its host and nothing else of the URL", async () => {
    const server: Server = createServer((_, reply) => reply.end("{}"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const remote = openRemote({ allowPrivate: true });
    await remote.fetch(`http://127.0.0.1:${port}/needle?code=needle`);
    server.close();
    const [span] = exporter.getFinishedSpans();
    expect([span?.name, span?.attributes]).toEqual([
      "fetch provider",
      { "http.request.method": "GET", "server.address": "127.0.0.1" },
    ]);
  });
});
