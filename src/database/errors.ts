import { AuthError, type AuthErrorCode, errorTable, OperatorError } from "../errors.ts";

/** What a driver throws, as far as it may be trusted. Never logged or serialised as it is: PGlite's carries the parameters. */
interface DriverError {
  readonly code?: unknown;
  readonly constraint?: unknown;
  readonly message?: unknown;
  /** What the operating system refused, where it was that. */
  readonly syscall?: unknown;
}

/** A failure of the database, reduced to what holds no user data: SQLSTATE and constraint. */
export class DatabaseError extends Error {
  override readonly name = "DatabaseError";
  readonly sqlstate: string | undefined;
  readonly constraint: string | undefined;
  readonly #explanation: string;

  constructor(sqlstate: string | undefined, constraint: string | undefined, explanation: string) {
    super(`the database refused with ${sqlstate ?? "no code"}`);
    this.sqlstate = sqlstate;
    this.constraint = constraint;
    this.#explanation = explanation;
  }

  /** The server's own words, for an operator's terminal; a method, so that no logger serialises it. */
  explanation(): string {
    return this.#explanation;
  }
}

const constraintErrors: Record<string, { code: AuthErrorCode; message: string }> = {
  users_user_metadata_size: {
    code: "validation_failed",
    message: "User metadata is a JSON object of at most 2048 bytes",
  },
  users_app_metadata_size: {
    code: "validation_failed",
    message: "App metadata is a JSON object of at most 1024 bytes",
  },
  users_email_is_canonical: {
    code: "validation_failed",
    message: "Unable to validate email address: invalid format",
  },
};

const raisedCodes = new Map<string, AuthErrorCode>(
  Object.entries(errorTable).flatMap(([code, definition]) =>
    "sqlstate" in definition ? [[definition.sqlstate, code as AuthErrorCode]] : [],
  ),
);

// What a plain `raise exception 'message'` has. Nothing of this product's raises it, so it comes from
// a trigger of the application's, and the message is the application's word to its user.
const raisedByApplication = "P0001";
const longestMessage = 200;

// Connection lost, refused or closed by the server; too many clients; starting up or shutting down;
// a full disk; read-only (a standby, or told to be).
const unavailableStates = /^(08|57P0|53|58|25006)/;
// Of a statement, of a lock, of a transaction.
const timeoutStates = /^(57014|55P03|25P04)$/;

/** Turns a driver's error into an {@link AuthError} where it is the caller's, else into a {@link DatabaseError}. */
export function fromDriver(error: unknown): AuthError | DatabaseError {
  if (error instanceof AuthError || error instanceof DatabaseError) return error;
  const { code, constraint } = error as DriverError;
  const sqlstate = typeof code === "string" ? code : undefined;
  const name = typeof constraint === "string" ? constraint : undefined;

  const known = name ? constraintErrors[name] : undefined;
  if (known) return new AuthError(known.code, { message: known.message });
  const raised = sqlstate ? raisedCodes.get(sqlstate) : undefined;
  if (raised) return new AuthError(raised, causeOf(raised, error as DriverError));
  if (sqlstate === raisedByApplication) return refusedByApplication(error as DriverError);
  const failure = new DatabaseError(sqlstate, name, explain(error));
  if (timeoutStates.test(sqlstate ?? "")) {
    return new AuthError("request_timeout", { cause: failure });
  }
  if (!isUnavailable(error, sqlstate)) return failure;
  return new AuthError("service_unavailable", { retryAfter: 1, cause: failure });
}

// Told by SQLSTATE and line, in words of this product's own: for the operator's log.
function causeOf(raised: AuthErrorCode, { message }: DriverError) {
  return raised === "custom_claims_failed" ? { cause: new OperatorError(String(message)) } : {};
}

function refusedByApplication({ message }: DriverError): AuthError {
  const text = [...String(message ?? "")].slice(0, longestMessage).join("");
  return new AuthError("refused_by_application", text === "" ? {} : { message: text });
}

/**
 * Says of a deletion what holds it up: no key of this schema restricts one, so it is the application's.
 *
 * @throws AuthError refused_by_application, or what it was given
 */
export function heldByApplication(error: unknown): never {
  const isForeignKey =
    error instanceof DatabaseError && ["23001", "23503"].includes(error.sqlstate ?? "");
  if (!isForeignKey) throw error;
  throw new AuthError("refused_by_application", {
    message: "The application still refers to this user",
  });
}

/** Whether running the whole transaction again may succeed: serialization failure or deadlock. */
export function isRetryable(error: unknown): boolean {
  const { code } = error as DriverError;
  return code === "40001" || code === "40P01";
}

function isUnavailable(error: unknown, sqlstate: string | undefined): boolean {
  // Looked at first: EPIPE has the form of an SQLSTATE.
  if (typeof (error as DriverError).syscall === "string") return true;
  if (sqlstate?.startsWith("ERR_")) return true;
  if (sqlstate && /^[0-9A-Z]{5}$/.test(sqlstate)) return unavailableStates.test(sqlstate);
  if (sqlstate && /^E[A-Z]+$/.test(sqlstate)) return true;
  const message = String((error as DriverError).message ?? "");
  return /timeout|terminated|Connection|connection/.test(message);
}

function explain(error: unknown): string {
  // A name with several addresses fails once for each, and says nothing as a whole.
  if (error instanceof AggregateError) return error.errors.map(explain).join(", ");
  const { message, detail } = error as { message?: unknown; detail?: unknown };
  return [message, detail].filter((part) => typeof part === "string" && part !== "").join(": ");
}
