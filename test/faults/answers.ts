import { parseRefreshToken } from "../../src/tokens/refresh_token.ts";
import type { TestProject } from "../support/project.ts";
import type { Send } from "./retrying_client.ts";

/** What a client of a project was told, whole. */
export interface Answer {
  readonly project: string;
  readonly text: string;
}

/** What tells of one project alone, and of which: ids, addresses, secrets, and hashes of tokens in hex. */
export type Belongings = ReadonlyMap<string, string>;

/** The same sender; what comes back is kept. */
export function keepingAnswers(project: string, send: Send, kept: Answer[]): Send {
  return async (path, options) => {
    const reply = await send(path, options);
    const text = JSON.stringify([reply.status, [...reply.headers], reply.body]);
    kept.push({ project, text });
    return reply;
  };
}

export async function readBelongings(project: TestProject): Promise<[string, string][]> {
  const rows = await project.sql<{ word: string }>(
    `select id::text as word from users
     union all select email from users where email is not null
     union all select id::text from sessions
     union all select encode(token_hash, 'hex') from refresh_tokens
     union all select encode(token_hash, 'hex') from one_time_tokens`,
  );
  const words = [project.id, project.jwtSecret, ...rows.map(({ word }) => word)];
  return words.map((word) => [word, project.id]);
}

/** Every word of an answer, and of the tokens in it; opaque tokens also as the database knows them. */
export function* wordsOf(text: string): Generator<string> {
  for (const [word] of text.matchAll(/[\w@.+-]+/g)) {
    yield word;
    const hash = parseRefreshToken(word)?.hash;
    if (hash) yield hash.toString("hex");
    for (const part of word.split(".")) {
      if (part.startsWith("eyJ")) yield* wordsOf(Buffer.from(part, "base64url").toString());
    }
  }
}
