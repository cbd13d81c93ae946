import { boolean, bytea, inet, jsonb, text, uuid } from "./arguments.ts";
import type { Argument } from "./database.ts";
import type {
  Caller,
  Client,
  Grant,
  LinkAccount,
  MailOffer,
  Redeemed,
  Result,
  UserJson,
} from "./results.ts";

type Call = <T>(name: string, ...args: Argument[]) => Promise<T>;

/** The calls of a project that ask for mail, and that redeem what a mail brought. */
export function mailFunctions(call: Call) {
  return {
    requestRecovery: (p: { email: string; mail: MailOffer; client: Client }) =>
      call<Result<object>>(
        "request_recovery",
        text(p.email),
        jsonb(p.mail),
        inet(p.client.address),
      ),

    requestSignIn: (p: {
      email: string;
      emailAsTyped: string;
      userMetadata: object | null;
      createsUser: boolean;
      mail: MailOffer;
      client: Client;
    }) =>
      call<Result<object>>(
        "request_sign_in",
        text(p.email),
        text(p.emailAsTyped),
        jsonb(p.userMetadata),
        boolean(p.createsUser),
        jsonb(p.mail),
        inet(p.client.address),
      ),

    resendMail: (p: {
      purpose: string;
      email: string;
      /** `current`: for a change of address, were this the one of now. */
      mail: MailOffer & { readonly current?: MailOffer };
      client: Client;
    }) =>
      call<Result<object>>(
        "resend_mail",
        text(p.purpose),
        text(p.email),
        jsonb(p.mail),
        inet(p.client.address),
      ),

    noteBounce: (email: string) => call<Result<object>>("note_bounce", text(email)),

    requestReauthentication: (p: { caller: Caller; mail: MailOffer; client: Client }) =>
      call<Result<object>>(
        "request_reauthentication",
        uuid(p.caller.sessionId),
        uuid(p.caller.userId),
        jsonb(p.mail),
        inet(p.client.address),
      ),

    inviteUser: (p: {
      email: string;
      emailAsTyped: string;
      userMetadata: object | null;
      mail: MailOffer;
      client: Client;
    }) =>
      call<Result<{ user: UserJson }>>(
        "invite_user",
        text(p.email),
        text(p.emailAsTyped),
        jsonb(p.userMetadata),
        jsonb(p.mail),
        inet(p.client.address),
      ),

    verifyLink: (p: {
      purposes: readonly string[];
      tokenHash: Uint8Array;
      refreshHash: Uint8Array;
      codeHash: Uint8Array | null;
      client: Client;
    }) =>
      call<Result<Redeemed>>(
        "verify_link",
        jsonb(p.purposes),
        bytea(p.tokenHash),
        bytea(p.refreshHash),
        bytea(p.codeHash),
        inet(p.client.address),
        text(p.client.userAgent),
      ),

    verifyCode: (p: {
      email: string;
      /** The MACs that the code may be stored under, in hex, by purpose. */
      candidates: Record<string, readonly string[]>;
      refreshHash: Uint8Array;
      client: Client;
    }) =>
      call<Result<Redeemed>>(
        "verify_code",
        text(p.email),
        jsonb(p.candidates),
        bytea(p.refreshHash),
        inet(p.client.address),
        text(p.client.userAgent),
      ),

    linkAccount: (p: { purposes: readonly string[]; tokenHash: Uint8Array }) =>
      call<Result<LinkAccount>>("link_account", jsonb(p.purposes), bytea(p.tokenHash)),

    checkRecoveryCode: (p: { email: string; macs: readonly string[]; client: Client }) =>
      call<Result<{ attempt: string }>>(
        "check_recovery_code",
        text(p.email),
        jsonb(p.macs),
        inet(p.client.address),
      ),

    resetPassword: (p: {
      tokenHash: Uint8Array | null;
      attempt: string | null;
      email: string | null;
      macs: readonly string[] | null;
      passwordHash: string;
      refreshHash: Uint8Array;
      client: Client;
    }) =>
      call<Result<Grant>>(
        "reset_password",
        bytea(p.tokenHash),
        uuid(p.attempt),
        text(p.email),
        jsonb(p.macs),
        text(p.passwordHash),
        bytea(p.refreshHash),
        inet(p.client.address),
        text(p.client.userAgent),
      ),

    codeForSession: (p: {
      refreshHash: Uint8Array;
      codeHash: Uint8Array;
      codeChallenge: string;
      client: Client;
    }) =>
      call<Result<object>>(
        "code_for_session",
        bytea(p.refreshHash),
        bytea(p.codeHash),
        text(p.codeChallenge),
        inet(p.client.address),
      ),

    exchangeCode: (p: {
      codeHash: Uint8Array;
      codeChallenge: string;
      refreshHash: Uint8Array;
      client: Client;
    }) =>
      call<Result<Grant & { provider_tokens: string | null }>>(
        "exchange_code",
        bytea(p.codeHash),
        text(p.codeChallenge),
        bytea(p.refreshHash),
        inet(p.client.address),
        text(p.client.userAgent),
      ),
  };
}
