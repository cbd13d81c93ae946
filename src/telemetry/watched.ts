import { SpanKind } from "@opentelemetry/api";
import type { Database, FunctionCall } from "../database/database.ts";
import { DatabaseError } from "../database/errors.ts";
import { AuthError } from "../errors.ts";
import type { Hasher } from "../passwords/hasher.ts";
import { inSpan } from "./spans.ts";

/**
 * Why a call was not answered: too many waited already; the connection broke or was not to be had; or the
 * server would not, since its disk is full or it may only be read.
 */
export type CallFailure = "refused" | "connection" | "server";

/** The same database, whose calls are spans; `failed` hears of those that were not done. */
export function watchDatabase(
  database: Database,
  failed: (failure: CallFailure) => void = () => {},
): Database {
  const load = database.load?.bind(database);
  return {
    engine: database.engine,
    async call<T>(wanted: FunctionCall): Promise<T> {
      try {
        return await inSpan(
          wanted.name,
          { "db.system.name": "postgresql", "db.stored_procedure.name": wanted.name },
          () => database.call<T>(wanted),
          SpanKind.CLIENT,
        );
      } catch (error) {
        const failure = callFailure(error);
        if (failure) failed(failure);
        throw error;
      }
    },
    transaction: (work) => database.transaction(work),
    ...(load ? { load } : {}),
    close: () => database.close(),
  };
}

/** The same hasher, whose hashes are spans; `refused` hears of those that its queue had no room for. */
export function watchHasher(hasher: Hasher, refused: () => void = () => {}): Hasher {
  const failed = (error: unknown): never => {
    if (error instanceof AuthError && error.code === "service_unavailable") refused();
    throw error;
  };
  return {
    kind: hasher.kind,
    requireRoom(projectId) {
      try {
        hasher.requireRoom(projectId);
      } catch (error) {
        failed(error);
      }
    },
    async hash(password, salt, projectId) {
      try {
        return await inSpan("hash password", {}, () => hasher.hash(password, salt, projectId));
      } catch (error) {
        return failed(error);
      }
    },
    load: () => hasher.load(),
    close: () => hasher.close(),
  };
}

// A full disk, no memory, an I/O error, read-only.
const unwilling = /^(53[12]|58|25006)/;

function callFailure(error: unknown): CallFailure | undefined {
  if (!(error instanceof AuthError) || error.code !== "service_unavailable") return undefined;
  if (!(error.cause instanceof DatabaseError)) return "refused";
  return unwilling.test(error.cause.sqlstate ?? "") ? "server" : "connection";
}
