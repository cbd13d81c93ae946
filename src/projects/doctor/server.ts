import type { Database } from "../../database/database.ts";
import { administer } from "../administration.ts";
import { type Finding, fail, ok, warn } from "./finding.ts";

type Server = {
  version: string;
  version_number: number;
  encoding: string;
  time_zone: string;
  pgcrypto: string | null;
  now: number;
  most: number;
  used: number;
};

const leastVersion = 15;
// Before these, statistics told of rows that row-level security hides (CVE-2025-8713).
const safeMinors: Readonly<Record<number, number>> = { 15: 14, 16: 10, 17: 6 };
// Seconds by which the clocks of this machine and the database may differ.
const noticeable = 2;
const harmful = 30;

/** The server itself: version, encoding, clock and room for a server's connections. */
export async function examineServer(
  database: Database,
  connections: number,
): Promise<readonly Finding[]> {
  const before = Date.now();
  const [server] = await administer(database, (tx) =>
    tx.query<Server>(`
      select current_setting('server_version') as version,
        current_setting('server_version_num')::int as version_number,
        getdatabaseencoding()::text as encoding, current_setting('TimeZone') as time_zone,
        (select extversion from pg_extension where extname = 'pgcrypto') as pgcrypto,
        extract(epoch from clock_timestamp())::float8 as now,
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
          - coalesce(current_setting('reserved_connections', true), '0')::int as most,
        (select count(*)::int from pg_stat_activity where backend_type = 'client backend') as used`),
  );
  if (!server) return [];
  const seconds = server.now - (before + Date.now()) / 2_000;
  return [
    version(server),
    encoding(server),
    ok("time zone", `${server.time_zone}; times are kept with their zone, so any will do`),
    clock(seconds),
    server.pgcrypto === null
      ? ok("pgcrypto", "not installed; nothing needs it")
      : ok("pgcrypto", `${server.pgcrypto} is installed; nothing needs it`),
    ...(database.engine === "postgres" ? [room(server, connections)] : []),
  ];
}

function version({ version, version_number }: Server): Finding {
  const check = "server version";
  const found = `PostgreSQL ${version}`;
  const major = Math.floor(version_number / 10_000);
  if (major < leastVersion) {
    return fail(check, found, `Upgrade the server to ${leastVersion} or later`);
  }
  const safeMinor = safeMinors[major] ?? 0;
  if (version_number % 10_000 >= safeMinor) return ok(check, found);
  const remedy = `Update it to ${major}.${safeMinor} or later: before, its statistics tell of rows that policies hide`;
  return warn(check, found, remedy);
}

function encoding({ encoding }: Server): Finding {
  if (encoding === "UTF8") return ok("encoding", encoding);
  return fail("encoding", encoding, "Move to a database that was created with encoding 'UTF8'");
}

function clock(seconds: number): Finding {
  const apart = Math.abs(seconds);
  const message = `the database is ${apart.toFixed(1)} s ${seconds < 0 ? "behind" : "ahead of"} this machine`;
  const remedy = "Keep both clocks right (NTP): tokens are dated by the database";
  if (apart >= harmful) return fail("clock", message, remedy);
  return apart >= noticeable ? warn("clock", message, remedy) : ok("clock", message);
}

function room({ most, used }: Server, connections: number): Finding {
  const message = `${used} of ${most} are in use; a server takes up to ${connections}`;
  if (connections > most) {
    return fail("connections", message, "Raise max_connections, or serve with fewer --connections");
  }
  // While one server takes over from another, both are connected.
  if (2 * connections > most) {
    return warn("connections", message, "There is no room for two servers at a time");
  }
  return ok("connections", message);
}
