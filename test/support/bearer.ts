import { expect } from "vitest";
import type { Settings } from "../../src/projects/settings.ts";
import { claimsOf, headerOf } from "./jwt.ts";
import { createTestProject, type TestProject } from "./project.ts";

/** A signed-in user, whose token a test takes apart. */
export interface Bearer {
  readonly project: TestProject;
  readonly token: string;
  readonly refreshToken: string;
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
  /** Expects 401 `bad_jwt`; `what` says in the failure which token it was. */
  expectRefused(token: string, what: string): Promise<void>;
  /** Expects the user's own record. */
  expectAccepted(token: string, what?: string): Promise<void>;
}

export async function signedInBearer(settings: Partial<Settings> = {}): Promise<Bearer> {
  const project = await createTestProject(settings);
  const session = await project.signUp();
  const answerTo = async (token: string) => {
    const { status, body } = await project.request("/user", { token });
    return { status, code: body?.error_code, id: body?.id };
  };
  return {
    project,
    token: session.access_token,
    refreshToken: session.refresh_token,
    header: headerOf(session.access_token),
    claims: claimsOf(session.access_token),
    async expectRefused(token, what) {
      const { status, code } = await answerTo(token);
      expect({ what, status, code }).toEqual({ what, status: 401, code: "bad_jwt" });
    },
    async expectAccepted(token, what = "the token") {
      const { status, id } = await answerTo(token);
      expect({ what, status, id }).toEqual({ what, status: 200, id: session.user.id });
    },
  };
}
