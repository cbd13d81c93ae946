import { startServer } from "../../src/http/server.ts";
import { openInstance } from "../support/instance.ts";
import type { TestProject } from "../support/project.ts";
import { hasher } from "../support/quick_hashes.ts";
import type { TestService } from "../support/service.ts";
import { sendTo } from "./http_client.ts";
import { type HttpProxy, startHttpProxy } from "./http_proxy.ts";
import type { Send } from "./retrying_client.ts";
import { startWireProxy, type WireProxy } from "./wire_proxy.ts";

interface Behind<Proxy> {
  readonly proxy: Proxy;
  sendOf(project: TestProject): Send;
  close(): Promise<void>;
}

// Whoever falls into a black hole waits for so long.
const deadline = 500;

/**
 * An instance of the service whose connections to Postgres, or to the pooler that `directUrl` leads to, a
 * proxy may break.
 */
export async function openBehindWireProxy(
  service: TestService,
  connections: number,
  directUrl = urlOf(service),
): Promise<Behind<WireProxy>> {
  const proxy = await startWireProxy(Number(new URL(directUrl).port));
  const url = proxy.through(directUrl);
  const { auth, close } = openInstance(service, { url, connections, deadline }, { hasher });
  return {
    proxy,
    sendOf: (project) => (path, options) => project.request(path, { ...options, auth }),
    async close() {
      await close();
      await proxy.close();
    },
  };
}

/** An instance of the service on a socket, with a proxy before it that may lose what passes. */
export async function openBehindHttpProxy(service: TestService): Promise<Behind<HttpProxy>> {
  const { auth, close } = openInstance(service, {}, { hasher });
  const { fetch } = auth;
  const server = await startServer({ fetch, host: "127.0.0.1", port: 0 });
  const proxy = await startHttpProxy(server.port);
  return {
    proxy,
    sendOf: ({ id }) => sendTo(() => proxy.port, id),
    async close() {
      await proxy.close();
      await server.close(0);
      await close();
    },
  };
}

function urlOf({ engine, runtimeRole }: TestService): string {
  if (engine.kind !== "postgres") throw new Error("there is no connection to cut");
  return engine.url(runtimeRole);
}
