import { type OwnServer, openProjectOn, startOwnServer } from "./own_server.ts";
import type { PostgresServer } from "./postgres_server.ts";
import { primarySettings, type Standby, startStandby } from "./standby.ts";
import { startProxy } from "./tcp_proxy.ts";

/** A primary and its standby, and a project that is reached by an address which leads to the primary. */
export interface ReplicatedServer extends Pick<OwnServer, "project"> {
  readonly standby: Standby;
  /** The primary dies at once, the standby is promoted, and the address leads to it. */
  failOver(): Promise<void>;
  /** Every link is made anew and leads to the standby, though the primary lives. */
  leadAstray(): void;
  /** New links lead to the primary again; those to the standby stay. */
  leadBack(): void;
  /** Gives the server that is primary now another standby. */
  addStandby(): Promise<void>;
  close(): Promise<void>;
}

/** Without fsync: processes die here, and not the machine. */
export async function openReplicatedServer(options: {
  readonly synchronous: boolean;
}): Promise<ReplicatedServer> {
  let primary: PostgresServer = await startOwnServer({ settings: primarySettings });
  const proxy = await startProxy(primary.port);
  const { project, close } = await openProjectOn({
    ...primary,
    url: (database, user) => proxy.through(primary.url(database, user)),
    stop: async () => {},
  });
  let standby: Standby = await startStandby(primary, options);
  const servers = new Set([primary, standby]);
  return {
    project,
    get standby() {
      return standby;
    },
    async failOver() {
      await primary.halt("immediate");
      await standby.promote();
      const dead = primary;
      primary = standby;
      proxy.lead(primary.port);
      servers.delete(dead);
      await dead.stop();
    },
    leadAstray() {
      proxy.lead(standby.port);
      proxy.refuse();
      proxy.allow();
    },
    leadBack: () => proxy.lead(primary.port),
    async addStandby() {
      standby = await startStandby(primary, options);
      servers.add(standby);
    },
    async close() {
      await close();
      await proxy.close();
      for (const server of servers) await server.stop();
    },
  };
}
