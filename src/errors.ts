/**
 * The one table of everything that can go wrong for a caller: the code (stable, part of the wire
 * contract), its HTTP status, and the sentence a client sees. `sqlstate` is set where a SQL
 * function raises the code; all other codes that SQL knows come back as an `outcome`.
 * `docs/errors.md` explains each one; a test holds the three together.
 */
export const errorTable = {
  validation_failed: {
    status: 400,
    message: "The request is not valid",
    sqlstate: "MA901",
  },
  bad_json: { status: 400, message: "Could not parse the request body as JSON" },
  request_entity_too_large: { status: 413, message: "The request body is larger than 1 MiB" },
  not_found: { status: 404, message: "There is nothing at this address" },
  project_not_found: { status: 404, message: "There is no such project" },
  project_suspended: { status: 403, message: "This project is suspended" },

  no_authorization: {
    status: 401,
    message: "This endpoint requires a valid Bearer token",
  },
  bad_jwt: { status: 401, message: "invalid JWT: unable to parse or verify signature" },
  session_not_found: { status: 401, message: "The session of this token no longer exists" },
  session_expired: { status: 401, message: "The session has expired" },
  user_not_found: { status: 401, message: "The user of this token no longer exists" },
  user_banned: { status: 400, message: "The user is banned" },

  invalid_credentials: { status: 400, message: "Invalid login credentials" },
  email_not_confirmed: { status: 400, message: "Email not confirmed" },
  weak_password: { status: 422, message: "The password is too weak" },
  same_password: {
    status: 422,
    message: "New password should be different from the old password.",
  },
  current_password_invalid: { status: 400, message: "The current password is not right" },
  reauthentication_needed: {
    status: 400,
    message: "Sign in again, or give the current password",
  },
  reauthentication_not_valid: { status: 422, message: "Nonce has expired or is invalid" },

  otp_expired: { status: 403, message: "Token has expired or is invalid" },
  email_exists: {
    status: 422,
    message: "A user with this email address has already been registered",
  },
  flow_state_not_found: { status: 404, message: "There is no such code, or it was used" },
  flow_state_expired: { status: 422, message: "The code has expired, start again" },
  bad_code_verifier: {
    status: 400,
    message: "code challenge does not match previously saved code verifier",
  },
  bad_oauth_state: {
    status: 400,
    message: "This sign-in was not started in this browser, is over, or was finished already",
  },
  bad_oauth_callback: { status: 400, message: "The provider's answer cannot be used" },
  provider_disabled: { status: 400, message: "This provider is not enabled" },
  manual_linking_disabled: { status: 404, message: "Manual linking is disabled" },
  identity_already_exists: { status: 422, message: "Identity is already linked to a user" },
  identity_not_found: { status: 422, message: "The user has no such identity" },
  single_identity_not_deletable: {
    status: 422,
    message: "User must have at least 1 identity after unlinking",
  },
  not_admin: { status: 403, message: "This endpoint requires a service_role token" },

  signup_disabled: { status: 422, message: "Signups not allowed for this instance" },
  user_already_exists: { status: 422, message: "User already registered" },
  anonymous_provider_disabled: { status: 422, message: "Anonymous sign-ins are disabled" },
  phone_provider_disabled: { status: 422, message: "Phone sign-ins are disabled" },
  feature_disabled: { status: 400, message: "This feature is not enabled for this project" },
  refused_by_application: { status: 422, message: "The application refuses this" },

  refresh_token_not_found: {
    status: 400,
    message: "Invalid Refresh Token: Refresh Token Not Found",
  },
  refresh_token_already_used: {
    status: 400,
    message: "Invalid Refresh Token: Already Used",
  },

  over_request_rate_limit: { status: 429, message: "Request rate limit reached" },
  over_email_send_rate_limit: {
    status: 429,
    message: "Mail to this address was asked for too often",
  },
  conflict: { status: 409, message: "The request met another one, try again" },
  request_timeout: { status: 504, message: "The request took too long" },
  service_unavailable: { status: 503, message: "The service cannot answer now, try again" },
  custom_claims_failed: {
    status: 500,
    message: "The application's own claims could not be made",
    sqlstate: "MA903",
  },
  unexpected_failure: {
    status: 500,
    message: "Unexpected failure, please check server logs",
    sqlstate: "MA902",
  },
} as const satisfies Record<string, ErrorDefinition>;

interface ErrorDefinition {
  readonly status: 400 | 401 | 403 | 404 | 409 | 413 | 422 | 429 | 500 | 503 | 504;
  readonly message: string;
  readonly sqlstate?: string;
}

/** Every code of {@link errorTable}. */
export type AuthErrorCode = keyof typeof errorTable;

export interface AuthErrorOptions {
  /** Replaces the table's sentence; never holds a secret or another user's data. */
  readonly message?: string;
  /** Replaces the table's status, where one code means different things at different endpoints. */
  readonly status?: number;
  /** Why a password is weak: `length`, `characters`, `pwned`. */
  readonly reasons?: readonly string[];
  /** Seconds until another try makes sense. */
  readonly retryAfter?: number;
  /** What RFC 6749 section 5.2 calls it, where clients read that. */
  readonly oauthError?: "invalid_request";
  readonly cause?: unknown;
}

/**
 * A refusal with a stable code.
 *
 * @example
 * ```ts
 * throw new AuthError("over_request_rate_limit", { retryAfter: 60 });
 * ```
 */
export class AuthError extends Error {
  override readonly name = "AuthError";
  readonly code: AuthErrorCode;
  readonly status: number;
  readonly reasons: readonly string[] | undefined;
  readonly retryAfter: number | undefined;
  readonly oauthError: "invalid_request" | undefined;

  constructor(code: AuthErrorCode, options: AuthErrorOptions = {}) {
    super(options.message ?? errorTable[code].message, { cause: options.cause });
    this.code = code;
    this.status = options.status ?? errorTable[code].status;
    this.reasons = options.reasons;
    this.retryAfter = options.retryAfter;
    this.oauthError = options.oauthError;
  }
}

/** Whether `code` is one of {@link errorTable}. */
export function isAuthErrorCode(code: unknown): code is AuthErrorCode {
  return typeof code === "string" && Object.hasOwn(errorTable, code);
}

/**
 * Something that only an operator can mend, such as a key that is missing. The caller learns nothing
 * of it; the message, which holds no secret and no user's data, is logged.
 */
export class OperatorError extends Error {
  override readonly name = "OperatorError";
}
