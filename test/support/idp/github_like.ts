import { randomBytes, randomUUID } from "node:crypto";
import { codeBook } from "./codes.ts";
import { type Answer, type Asked, serveJson } from "./http_server.ts";

export interface GitHubPerson {
  readonly id: number;
  readonly login: string;
  readonly name?: string | null;
  readonly avatar_url?: string;
  readonly emails: readonly { email: string; primary: boolean; verified: boolean }[];
}

export interface GitHubLike {
  readonly origin: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly asked: string[];
  signedIn(person: GitHubPerson): void;
  /** By path, instead of the right answer. */
  misbehave(replies: Record<string, (asked: Asked) => Answer | "hang">): void;
  close(): Promise<void>;
}

/** Plain OAuth 2 with two endpoints that say who the holder of a token is, as GitHub has them. */
export async function startGitHubLike(): Promise<GitHubLike> {
  const client = { clientId: `app-${randomUUID()}`, clientSecret: randomUUID() };
  const codes = codeBook<GitHubPerson>(client);
  const tokens = new Map<string, GitHubPerson>();
  let person: GitHubPerson = { id: 1, login: "nobody", emails: [] };
  let wrong: Record<string, (asked: Asked) => Answer | "hang"> = {};
  const holderOf = ({ authorization }: Asked) => tokens.get(authorization.replace(/^Bearer /, ""));
  const asHolder = (asked: Asked, told: (holder: GitHubPerson) => unknown): Answer => {
    const holder = holderOf(asked);
    return holder ? { body: told(holder) } : { status: 401, body: { message: "Bad credentials" } };
  };

  const handlers: Record<string, (asked: Asked) => Answer> = {
    "/login/oauth/authorize"({ query }) {
      const url = new URL(query.get("redirect_uri") ?? "");
      url.searchParams.set("code", codes.issue(query, person));
      url.searchParams.set("state", query.get("state") ?? "");
      return { status: 302, headers: { Location: url.href } };
    },
    // Refusals come with the status 200.
    "/login/oauth/access_token"(asked) {
      const redeemed = codes.redeem(asked);
      if ("error" in redeemed) {
        const isClient = redeemed.error === "invalid_client";
        const error = isClient ? "incorrect_client_credentials" : "bad_verification_code";
        return { body: { error } };
      }
      const access_token = `gho_${randomBytes(16).toString("hex")}`;
      tokens.set(access_token, redeemed.holder);
      return { body: { access_token, token_type: "bearer", scope: "read:user,user:email" } };
    },
    "/api/user": (asked) => asHolder(asked, ({ emails: _, ...user }) => user),
    "/api/user/emails": (asked) => asHolder(asked, ({ emails }) => emails),
  };
  const server = await serveJson((asked) => {
    const reply = wrong[asked.path] ?? handlers[asked.path];
    return reply ? reply(asked) : { status: 404 };
  });
  return {
    ...client,
    origin: server.origin,
    asked: server.asked,
    signedIn: (next) => {
      person = next;
    },
    misbehave: (replies) => {
      wrong = replies;
    },
    close: server.close,
  };
}
