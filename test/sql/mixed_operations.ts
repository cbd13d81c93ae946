import { randomBytes } from "node:crypto";
import type { Caller, Grant, ProjectFunctions } from "../../src/database/functions.ts";
import type { OutboxFunctions } from "../../src/database/outbox_functions.ts";
import { hashProof } from "../../src/passwords/proof.ts";
import { newRefreshToken, type RefreshToken, wrapUnder } from "../../src/tokens/refresh_token.ts";
import type { Query } from "../support/project.ts";

/** What the workers of a mix share: people are few, so that they meet. */
export interface Person {
  readonly email: string;
  hash: string;
  /** The newest of many sessions. */
  sessions: { caller: Caller; token: RefreshToken }[];
}

/** How else than by the project's calls something is done. */
export interface Surroundings {
  readonly outbox: OutboxFunctions;
  readonly sql: Query;
}

export type Operation = (
  functions: ProjectFunctions,
  person: Person,
  surroundings: Surroundings,
) => Promise<string | null>;

const client = { address: "203.0.113.77", userAgent: "mix" };
export const hashes = ["a", "b"].map((letter) => `$2a$10$${"s".repeat(21)}.${letter.repeat(31)}`);
const acme = { provider: "acme", issuer: "https://acme.example", data: {} };

/** Those after which somebody begins anew are to be seldom. */
export const endings = ["deleteUser", "deleteByAdministrator"];

export const operations: Record<string, Operation> = {
  signup: async (f, person) => {
    const token = newRefreshToken();
    const hash = hashes[0] ?? "";
    const result = await f.signup({
      email: person.email,
      emailAsTyped: person.email,
      passwordHash: hash,
      userMetadata: null,
      tokenHash: token.hash,
      mail: null,
      client,
    });
    if (result.outcome === null) {
      person.hash = hash;
      person.sessions = [];
    }
    return enter(person, token, result);
  },
  login: async (f, person) => {
    const salt = await f.passwordSalt({ email: person.email, client });
    if (!("attempt" in salt) || salt.attempt === null) return "no attempt";
    const token = newRefreshToken();
    const result = await f.login({
      attempt: salt.attempt,
      email: person.email,
      proof: hashProof(person.hash),
      tokenHash: token.hash,
      client,
    });
    return enter(person, token, result);
  },
  refresh: async (f, person) => {
    const session = person.sessions[0];
    if (!session) return "no session";
    const child = newRefreshToken();
    const { outcome } = await f.refresh({
      tokenHash: session.token.hash,
      childHash: child.hash,
      childWrapped: wrapUnder(session.token, child.secret),
      client,
    });
    return outcome;
  },
  logout: async (f, person) => {
    const session = person.sessions[person.sessions.length - 1];
    if (!session) return "no session";
    const scope = ["local", "others", "global"][person.sessions.length % 3] ?? "global";
    const { sessionId } = session.caller;
    return (await f.logout({ sessionId, tokenHash: null, scope, client })).outcome;
  },
  revokeSession: async (f, person) => {
    const [session] = person.sessions;
    const target = person.sessions[1]?.caller.sessionId;
    if (!session || !target) return "no session";
    return (await f.revokeSession({ caller: session.caller, target, client })).outcome;
  },
  changePassword: async (f, person) => {
    const [session] = person.sessions;
    if (!session) return "no session";
    const { caller } = session;
    const next = hashes.find((hash) => hash !== person.hash) ?? "";
    const salt = await f.ownPasswordSalt({ caller, isGuess: false, client });
    if (salt.outcome !== null) return salt.outcome;
    const { outcome } = await f.updateUser({
      caller,
      email: null,
      emailAsTyped: null,
      nonceMacs: null,
      mail: null,
      userMetadata: { at: person.sessions.length },
      passwordHash: next,
      attempt: (salt as { attempt: string }).attempt,
      currentProof: null,
      newProof: hashProof(next),
      client,
    });
    if (outcome === null) person.hash = next;
    return outcome;
  },
  deleteUser: async (f, person) => {
    const [session] = person.sessions;
    if (!session) return "no session";
    const { outcome } = await f.deleteUser({
      caller: session.caller,
      attempt: null,
      currentProof: null,
      client,
    });
    return outcome;
  },
  resetPassword: async (f, person) => {
    const link = newLink();
    const asked = await f.requestRecovery({ email: person.email, mail: link.offer, client });
    if (asked.outcome !== null) return asked.outcome;
    const passwordHash = hashes.find((hash) => hash !== person.hash) ?? "";
    const token = newRefreshToken();
    const result = await f.resetPassword({
      tokenHash: link.hash,
      attempt: null,
      email: null,
      macs: null,
      passwordHash,
      refreshHash: token.hash,
      client,
    });
    if (result.outcome === null) {
      person.hash = passwordHash;
      person.sessions = [];
    }
    return enter(person, token, result);
  },
  signInByMail: async (f, person) => {
    const { email } = person;
    const link = newLink();
    const ask = { email, emailAsTyped: email, userMetadata: null, createsUser: false, client };
    const asked = await f.requestSignIn({ ...ask, mail: link.offer });
    if (asked.outcome !== null) return asked.outcome;
    const token = newRefreshToken();
    const result = await f.verifyLink({
      purposes: ["magiclink"],
      tokenHash: link.hash,
      refreshHash: token.hash,
      codeHash: null,
      client,
    });
    return enter(person, token, result);
  },
  resendMail: async (f, { email }) => {
    const { outcome } = await f.resendMail({
      purpose: "signup",
      email,
      mail: newLink().offer,
      client,
    });
    return outcome;
  },
  changeEmail: async (f, person) => {
    const [session] = person.sessions;
    if (!session) return "no session";
    const links = { new: newLink(), current: newLink() };
    const changed = await f.updateUser({
      caller: session.caller,
      email: "moved@example.com",
      emailAsTyped: "moved@example.com",
      nonceMacs: null,
      mail: { new: links.new.offer, current: links.current.offer },
      userMetadata: null,
      passwordHash: null,
      attempt: null,
      currentProof: null,
      newProof: null,
      client,
    });
    if (changed.outcome !== null) return changed.outcome;
    const purposes = ["email_change", "email_change_current"];
    for (const { hash: tokenHash } of Object.values(links)) {
      await f.verifyLink({
        purposes,
        tokenHash,
        refreshHash: randomBytes(32),
        codeHash: null,
        client,
      });
    }
    return null;
  },
  reauthenticate: async (f, { sessions }) => {
    const caller = sessions[0]?.caller;
    if (!caller) return "no session";
    return (await f.requestReauthentication({ caller, mail: newLink().offer, client })).outcome;
  },
  resendChange: async (f) => {
    const email = "moved@example.com";
    const mail = newLink().offer;
    return (await f.resendMail({ purpose: "email_change", email, mail, client })).outcome;
  },
  deliverMail: async (_, __, { outbox }) => {
    const mails = await outbox.claim(3, 90);
    const settled = await Promise.all(mails.map((mail) => outbox.settle(mail)));
    return settled.some(Boolean) ? null : "no mail";
  },
  signInAtProvider,
  linkIdentity: async (f, person) => (await link(f, person)).outcome,
  unlinkIdentity: async (f, person) => {
    const { outcome, caller, identityId } = await link(f, person);
    if (!caller || !identityId) return outcome;
    return (await f.unlinkIdentity({ caller, identityId, client })).outcome;
  },
  deleteByAdministrator: async (_, { email }, { sql }) => {
    const [row] = await sql<{ value: { outcome: string | null } }>(
      "select admin_delete_user($1) as value",
      [email],
    );
    return row?.value.outcome ?? null;
  },
};

interface Linked {
  readonly outcome: string | null;
  readonly caller?: Caller;
  readonly identityId?: string | undefined;
}

/** Signs in at a provider that has proved the address. */
async function signInAtProvider(f: ProjectFunctions, person: Person) {
  const { email } = person;
  const identity = { ...acme, subject: email, email };
  const token = newRefreshToken();
  const offer = { refreshHash: token.hash, code: null, client };
  return enter(person, token, await f.signInWithIdentity({ identity, ...offer }));
}

/** Signs in and links another identity, in the two calls that an app makes. */
async function link(f: ProjectFunctions, person: Person): Promise<Linked> {
  await signInAtProvider(f, person);
  const caller = person.sessions[0]?.caller;
  if (!caller) return { outcome: "no session" };
  const [hash, codeChallenge] = [randomBytes(32), "c".repeat(43)];
  const refreshHash = randomBytes(32);
  const subject = hash.toString("hex");
  const linked = await f.linkIdentity({
    caller,
    identity: { ...acme, subject, email: null },
    refreshHash,
    code: { hash: subject, challenge: codeChallenge, tokens: null },
    client,
  });
  if (linked.outcome !== null) return linked;
  const result = await f.exchangeCode({ codeHash: hash, codeChallenge, refreshHash, client });
  if (!("user" in result)) return result;
  const identity = result.user.identities.find(({ id }) => id === subject);
  return { outcome: null, caller, identityId: identity?.identity_id };
}

/** Keeps the session that was opened, if one was; the outcome. */
function enter(person: Person, token: RefreshToken, result: { outcome: string | null }) {
  const { claims } = result as Partial<Grant>;
  if (claims) {
    const caller = { userId: claims.sub, sessionId: claims.session_id };
    person.sessions.unshift({ caller, token });
  }
  return result.outcome;
}

/** What the server offers for a mail, and what the link in it would bring. */
function newLink() {
  const hash = randomBytes(32);
  const offer = {
    token_hash: hash.toString("hex"),
    code_mac: randomBytes(32).toString("hex"),
    payload: "00",
    code_challenge: null,
  };
  return { hash, offer };
}
