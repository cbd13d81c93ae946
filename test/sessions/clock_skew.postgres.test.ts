import { afterEach, describe, expect, it, vi } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { ageSession } from "../support/age.ts";
import { createTestProject } from "../support/project.ts";
import { openSession, refresh, rotate } from "../support/sessions.ts";

afterEach(() => {
  vi.useRealTimers();
});

const project = await createTestProject();

async function databaseTime(): Promise<number> {
  const [row] = await project.sql<{ now: number }>(
    "select extract(epoch from clock_timestamp())::float as now",
  );
  return row?.now ?? 0;
}

// On PGlite the clock of the database is this process's own.
describe("the times of an access token (case 44)", () => {
  it.each([5, -5])(
    "come from the database, though the server's own clock is %i minutes off",
    async (minutes) => {
      const session = await openSession(project);
      vi.setSystemTime(Date.now() + minutes * 60_000);
      const tokens = await rotate(project, session.refreshToken);
      vi.useRealTimers();

      expect(tokens.expires_in).toBe(3600);
      expect(Math.abs(tokens.expires_at - 3600 - (await databaseTime()))).toBeLessThan(30);

      const { masterKey, publicUrl, runtime } = project.service;
      const another = createAuth({ database: runtime, masterKey, publicUrl });
      const { status } = await project.request("/user", {
        token: tokens.access_token,
        auth: another,
      });
      await another.close();
      expect(status).toBe(200);
    },
  );
});

describe("when a session is over (case 196)", () => {
  it.each([10, -10])(
    "is decided by the database's clock, though the server's own is %i minutes off",
    async (minutes) => {
      const limited = await createTestProject({ session_lifetime: 300, session_idle_timeout: 300 });
      const [fresh, old] = [await openSession(limited), await openSession(limited)];
      await ageSession(limited, old.id, "301 seconds");
      vi.setSystemTime(Date.now() + minutes * 60_000);
      const [live, over] = [
        await refresh(limited, fresh.refreshToken),
        await refresh(limited, old.refreshToken),
      ];
      vi.useRealTimers();
      expect(live.status).toBe(200);
      expect(over).toMatchObject({ status: 400, body: { error_code: "session_expired" } });
    },
  );
});
