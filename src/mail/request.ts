import type { Caller, Client, ProjectFunctions } from "../database/functions.ts";
import { accepted } from "../database/outcomes.ts";
import type { AuthErrorCode } from "../errors.ts";
import type { SecretBox } from "../projects/secret_box.ts";
import { type MailWishes, prepareMail } from "./offer.ts";

/** Who asks for a mail, of which project. */
export interface MailRequest {
  readonly functions: ProjectFunctions;
  readonly box: SecretBox;
  readonly client: Client;
  readonly wishes: MailWishes;
}

/** An address in the two forms that SQL keeps. */
export interface Address {
  /** Canonical. */
  readonly email: string;
  readonly emailAsTyped: string;
}

/**
 * Asks for a mail by which a new password can be chosen. Does not tell whether there is anybody to
 * send it to.
 *
 * @throws AuthError over_request_rate_limit, over_email_send_rate_limit
 */
export async function askForRecovery(request: MailRequest, email: string): Promise<void> {
  const { functions, box, client, wishes } = request;
  const mail = prepareMail(box, "recovery", email, wishes);
  accepted(await functions.requestRecovery({ email, mail, client }));
}

/**
 * Asks for a mail that signs in, and for a user if the address has none and `createsUser` is set.
 *
 * @throws AuthError over_request_rate_limit, over_email_send_rate_limit
 */
export async function askForMagicLink(
  request: MailRequest,
  address: Address,
  options: { readonly createsUser: boolean; readonly userMetadata: object | null },
): Promise<void> {
  const { functions, box, client, wishes } = request;
  const mail = prepareMail(box, "magiclink", address.email, wishes);
  accepted(await functions.requestSignIn({ ...address, ...options, mail, client }));
}

/**
 * Asks for the mail of a sign-up, or of a change of address to the side of it that is named, once more.
 *
 * @throws AuthError over_request_rate_limit, over_email_send_rate_limit
 */
export async function askAgain(
  request: MailRequest,
  purpose: "signup" | "email_change",
  email: string,
): Promise<void> {
  const { functions, box, client, wishes } = request;
  const mail = {
    ...prepareMail(box, purpose, email, wishes),
    ...(purpose === "email_change"
      ? { current: prepareMail(box, "email_change_current", email, wishes) }
      : {}),
  };
  accepted(await functions.resendMail({ purpose, email, mail, client }));
}

/**
 * Asks for a code by which a signed-in caller shows again who it is.
 *
 * @throws AuthError over_request_rate_limit, over_email_send_rate_limit, validation_failed for a user
 * without an address, and about the caller's session
 */
export async function askForReauthentication(
  request: MailRequest,
  caller: Caller,
  statuses: Partial<Record<AuthErrorCode, number>>,
): Promise<void> {
  const { functions, box, client, wishes } = request;
  const mail = prepareMail(box, "reauthentication", caller.userId, wishes);
  accepted(await functions.requestReauthentication({ caller, mail, client }), statuses);
}

/**
 * Invites an address: a user without a password, and a mail to it.
 *
 * @throws AuthError email_exists, over_email_send_rate_limit
 */
export async function invite(request: MailRequest, address: Address, userMetadata: object | null) {
  const { functions, box, client, wishes } = request;
  const mail = prepareMail(box, "invite", address.email, wishes);
  return accepted(await functions.inviteUser({ ...address, userMetadata, mail, client })).user;
}
