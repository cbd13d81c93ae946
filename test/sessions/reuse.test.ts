import { describe, expect, it } from "vitest";
import { ageSession } from "../support/age.ts";
import { createTestProject } from "../support/project.ts";
import { endOf, openSession, refresh, rotate } from "../support/sessions.ts";

const project = await createTestProject();

function refusal(code: string) {
  return { status: 400, body: { error_code: code } };
}

async function events(sessionId: string): Promise<string[]> {
  const rows = await project.sql<{ event: string }>(
    "select event from audit_log where session_id = $1 order by id",
    [sessionId],
  );
  return rows.map(({ event }) => event);
}

/** A session whose tokens were each used, a while ago, but for the last. */
async function openChain(length: number) {
  const session = await openSession(project);
  const chain = [session.refreshToken];
  let accessToken = "";
  for (let step = 1; step < length; step += 1) {
    const next = await rotate(project, chain[step - 1] ?? "");
    chain.push(next.refresh_token);
    accessToken = next.access_token;
  }
  await ageSession(project, session.id, "11 seconds");
  return { session, chain, accessToken };
}

describe("a refresh token that was used before", () => {
  it("ends its session for good when its grandchild exists (case 31)", async () => {
    const { session, chain, accessToken } = await openChain(4);
    const [grandparent = "", , , current = ""] = chain;

    expect(await refresh(project, grandparent)).toMatchObject(
      refusal("refresh_token_already_used"),
    );

    expect(await endOf(project, session.id)).toBe("refresh_token_reuse");
    expect(await events(session.id)).toEqual(["refresh_token_reused"]);
    expect(await refresh(project, current)).toMatchObject(refusal("session_not_found"));
    expect(await project.request("/user", { token: accessToken })).toMatchObject({
      status: 401,
      body: { error_code: "session_not_found" },
    });
    for (const token of chain) {
      expect(await refresh(project, token)).toMatchObject(refusal("session_not_found"));
    }
  });

  it("ends the session when the thief came first and the victim asks once (case 32)", async () => {
    const session = await openSession(project);
    const thief = await rotate(project, session.refreshToken);
    await ageSession(project, session.id, "1 hour");
    const thiefNext = await rotate(project, thief.refresh_token);

    // 10 s after the child's own use would still be a second tab of the child; of its parent it is not.
    expect(await refresh(project, session.refreshToken)).toMatchObject(
      refusal("refresh_token_already_used"),
    );
    expect(await refresh(project, thiefNext.refresh_token)).toMatchObject(
      refusal("session_not_found"),
    );
  });

  it("leaves the user's other sessions alone", async () => {
    const { session, chain } = await openChain(3);
    const other = await openSession(project, session.userId);
    await refresh(project, chain[0] ?? "");
    expect(await endOf(project, session.id)).toBe("refresh_token_reuse");
    expect((await refresh(project, other.refreshToken)).status).toBe(200);
  });
});

describe("late recoveries in a row", () => {
  it("end the session at the third: a thief and a victim one step apart cannot go on for ever", async () => {
    const session = await openSession(project);
    let held = await rotate(project, session.refreshToken);
    let behind = session.refreshToken;
    for (const recoveries of [1, 2]) {
      await ageSession(project, session.id, "1 hour");
      // Who is one step behind asks late, is given the token the other holds, and uses it first.
      const recovered = await rotate(project, behind);
      expect(recovered.refresh_token).toBe(held.refresh_token);
      expect(await events(session.id)).toEqual(
        Array(recoveries).fill("refresh_token_recovered_late"),
      );
      behind = held.refresh_token;
      held = await rotate(project, recovered.refresh_token);
    }
    await ageSession(project, session.id, "1 hour");
    expect(await refresh(project, behind)).toMatchObject(refusal("refresh_token_already_used"));
    expect(await endOf(project, session.id)).toBe("refresh_token_reuse");
    expect(await events(session.id)).toContain("refresh_token_reused");
    expect(await refresh(project, held.refresh_token)).toMatchObject(refusal("session_not_found"));
  });

  it("are counted by token: retries of one lost reply are one recovery", async () => {
    const session = await openSession(project);
    await rotate(project, session.refreshToken);
    for (let retry = 0; retry < 5; retry += 1) {
      await ageSession(project, session.id, "1 hour");
      await rotate(project, session.refreshToken);
    }
    expect(await endOf(project, session.id)).toBeNull();
    expect(await events(session.id)).toEqual(["refresh_token_recovered_late"]);
  });

  it("never sign out an honest client who loses every second reply, each noticed an hour later", async () => {
    const session = await openSession(project);
    let token = session.refreshToken;
    for (let hour = 0; hour < 8; hour += 1) {
      await rotate(project, token); // never arrives
      await ageSession(project, session.id, "1 hour");
      token = (await rotate(project, token)).refresh_token;
      await ageSession(project, session.id, "1 hour");
      token = (await rotate(project, token)).refresh_token;
      await ageSession(project, session.id, "1 hour");
    }
    expect(await endOf(project, session.id)).toBeNull();
    expect(await events(session.id)).toHaveLength(8);
  });

  it("within 10 s of rotation are no late ones, and are not counted", async () => {
    const session = await openSession(project);
    let token = session.refreshToken;
    for (let round = 0; round < 5; round += 1) {
      await rotate(project, token); // never arrives
      token = (await rotate(project, token)).refresh_token;
    }
    expect(await endOf(project, session.id)).toBeNull();
    expect(await events(session.id)).toEqual([]);
  });
});
