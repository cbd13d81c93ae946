// The parts of the built service that its door does not show.
import { parseKeyring } from "miosa-auth";
import { requestProject } from "../dist/src/http/request_project.js";
import { prepareMail } from "../dist/src/mail/offer.js";
import { createHasher } from "../dist/src/passwords/hasher.js";
import { signIn } from "../dist/src/passwords/sign_in.js";
import { signUp } from "../dist/src/passwords/sign_up.js";
import { projectDirectory } from "../dist/src/projects/directory.js";
import { refreshSession } from "../dist/src/tokens/refresh.js";
import { newRefreshToken } from "../dist/src/tokens/refresh_token.js";
import { issueSession } from "../dist/src/tokens/session_reply.js";

export function miosaInternals(database, masterKey) {
  const keyring = parseKeyring(masterKey);
  return {
    directory: projectDirectory({ databases: [database], keyring }),
    hasher: createHasher(),
    ...{
      requestProject,
      prepareMail,
      signIn,
      signUp,
      refreshSession,
      newRefreshToken,
      issueSession,
    },
  };
}
