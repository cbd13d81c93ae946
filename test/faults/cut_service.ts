import { startServer } from "../../src/http/server.ts";
import { openInstance } from "../support/instance.ts";
import type { TestProject } from "../support/project.ts";
import { sendTo } from "./http_client.ts";
import { type HttpProxy, startHttpProxy } from "./http_proxy.ts";
import type { Send } from "./retrying_client.ts";
import { startWireProxy, type WireProxy } from "./wire_proxy.ts";

interface Behind<Proxy> {
  readonly proxy: Proxy;
  readonly send: Send;
  close(): Promise<void>;
}

// Whoever falls into a black hole waits for so long.
const deadline = 500;

/** An instance of the service whose connections to Postgres a proxy may break. */
export async function openBehindWireProxy(
  project: TestProject,
  connections: number,
): Promise<Behind<WireProxy>> {
  const { engine, runtimeRole } = project.service;
  if (engine.kind !== "postgres") throw new Error("there is no connection to cut");
  const proxy = await startWireProxy(engine.server.port);
  const url = proxy.through(engine.url(runtimeRole));
  const { auth, close } = openInstance(project.service, { url, connections, deadline });
  return {
    proxy,
    send: (path, options) => project.request(path, { ...options, auth }),
    async close() {
      await close();
      await proxy.close();
    },
  };
}

/** The worker's service on a socket, with a proxy before it that may lose what passes. */
export async function openBehindHttpProxy(project: TestProject): Promise<Behind<HttpProxy>> {
  const { fetch } = project.service.auth;
  const server = await startServer({ fetch, host: "127.0.0.1", port: 0 });
  const proxy = await startHttpProxy(server.port);
  return {
    proxy,
    send: sendTo(() => proxy.port, project.id),
    async close() {
      await proxy.close();
      await server.close(0);
    },
  };
}
