import type pg from "pg";
import { callValues } from "./calls.ts";
import type { FunctionCall } from "./database.ts";

/** What pg keeps with a connection beyond its types: the statements that the server knows by name. */
interface Prepared {
  readonly parsedStatements: Record<string, string | undefined>;
}

export interface Statement {
  readonly text: string;
  /** Under which the server keeps it prepared; undefined: not at all. */
  readonly name: string | undefined;
}

type Done = (error: Error | null, json: string | null) => void;

/**
 * A query as pg's client runs it, for the one kind of statement that serves requests: it returns one
 * jsonb in one row. What a general query does besides (copying its options, asking for and reading a
 * description of the columns, building a result) costs more than sending it.
 */
export class FunctionQuery implements pg.Submittable {
  readonly text: string;
  readonly name: string | undefined;
  /** Milliseconds; the client calls back with an error when they are over. */
  readonly query_timeout: number;
  /** The client wraps it to end its timer. */
  callback: Done;
  readonly #values: unknown[];
  #json: string | null = null;

  constructor(call: FunctionCall, statement: Statement, deadline: number, callback: Done) {
    this.text = statement.text;
    this.name = statement.name;
    this.query_timeout = deadline;
    this.callback = callback;
    this.#values = callValues(call).map(parameter);
  }

  submit(connection: pg.Connection): void {
    const { name, text } = this;
    const { parsedStatements } = connection as pg.Connection & Prepared;
    const isPrepared = name !== undefined && parsedStatements[name] === text;
    // Corked, the messages leave in one write.
    connection.stream.cork();
    try {
      if (!isPrepared) connection.parse({ name: name ?? "", text, types: [] }, true);
      connection.bind({ statement: name ?? "", values: this.#values as string[] }, true);
      connection.execute(null, true);
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  handleDataRow({ fields }: { readonly fields: readonly (string | null)[] }): void {
    this.#json = fields[0] ?? null;
  }

  handleReadyForQuery(): void {
    this.callback(null, this.#json);
  }

  handleError(error: Error): void {
    this.callback(error, null);
  }

  // Nothing is to be done, yet the client would call them.
  handleRowDescription(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}

// A text goes as it is, and bytes in Postgres' binary form.
function parameter(value: unknown): string | Buffer | null {
  if (value === null) return null;
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return String(value);
}
