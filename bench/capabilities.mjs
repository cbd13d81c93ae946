// What the routes do, without HTTP: the same functions, called as the routes call them.
import { miosaInternals } from "./internals.mjs";

const client = { address: "127.0.0.1", userAgent: null };
const noWishes = { redirectTo: null, languages: [], codeChallenge: null };

/** The four calls of the benchmark, each for one of its users. */
export async function capabilities({ database, masterKey, id }) {
  const {
    directory,
    hasher: shared,
    requestProject,
    ...internals
  } = miosaInternals(database, masterKey);
  const service = { directory, hasher: shared, publicUrl: "http://127.0.0.1" };
  const { functions, hasher, issuer, passwordPolicy, box } = await requestProject(service, id);
  const { newRefreshToken, issueSession, refreshSession, signIn, signUp, prepareMail } = internals;

  return {
    "get-user": (user) => functions.getUser({ sessionId: user.session, userId: user.user }),
    refresh: async (user) => {
      const session = await refreshSession(functions, issuer, user.refreshToken, client);
      user.refreshToken = session.refresh_token;
    },
    login: async ({ email, password }) => {
      const token = newRefreshToken();
      const guess = { email, password, tokenHash: token.hash, client };
      const grant = await signIn(functions, hasher, passwordPolicy.cost, guess);
      await issueSession(issuer, grant, token);
    },
    signup: async ({ email, password }) => {
      const token = newRefreshToken();
      const { user, claims } = await signUp(functions, hasher, passwordPolicy, {
        ...{ email, emailAsTyped: email, password, userMetadata: null, client },
        tokenHash: token.hash,
        mail: prepareMail(box, "signup", email, noWishes),
      });
      await issueSession(issuer, { claims, user }, token);
    },
  };
}
