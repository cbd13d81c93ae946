import { expect } from "vitest";
import type { Reply, TestProject } from "./project.ts";
import { openSession, rotate } from "./sessions.ts";

/** A session that was refreshed once. */
export interface RotatedSession {
  readonly id: string;
  readonly accessToken: string;
  /** Its refresh tokens: the used one, and the one that is live. */
  readonly first: string;
  readonly current: string;
}

/** Opens a session of a user, or of one of its own. */
export async function openRotated(project: TestProject, user?: string): Promise<RotatedSession> {
  const { id, refreshToken } = await openSession(project, user);
  const { access_token, refresh_token } = await rotate(project, refreshToken);
  return { id, accessToken: access_token, first: refreshToken, current: refresh_token };
}

type Answer = Pick<Reply<unknown>, "status" | "body">;

/** Presents a refresh token to one of several servers, which `index` chooses. */
type Present = (token: string, index: number) => Promise<Answer>;

/**
 * Starts refreshes, the ending and more refreshes at once, and presents every token of the race again
 * as soon as the ending is acknowledged and once more when all is quiet: none is worth anything then.
 * Gives how many refreshes came before the end.
 */
export async function raceEnd(
  { first, current }: RotatedSession,
  present: Present,
  end: () => Promise<Pick<Reply<unknown>, "status">>,
  around = 2,
): Promise<number> {
  const held = new Set([first, current]);
  let won = 0;
  const presentCurrent = async (_: unknown, index: number) => {
    const { status, body } = await present(current, index);
    expect([200, 400]).toContain(status);
    if (status !== 200) return;
    won += 1;
    held.add((body as { refresh_token: string }).refresh_token);
  };
  const presentAll = async () => {
    const replies = await Promise.all([...held].map(present));
    return new Set(replies.map(({ status }) => status));
  };

  const before = Array.from({ length: around }, presentCurrent);
  const ending = end();
  const after = Array.from({ length: around }, presentCurrent);
  expect([200, 204]).toContain((await ending).status);
  expect(await presentAll()).toEqual(new Set([400]));
  await Promise.all([...before, ...after]);
  expect(await presentAll()).toEqual(new Set([400]));
  return won;
}
