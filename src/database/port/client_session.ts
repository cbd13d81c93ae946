import type { Message } from "./protocol.ts";
import {
  closeStatement,
  copyInResponse,
  errorResponse,
  readyForQuery,
  renameStatement,
  startupParameters,
  statementText,
  sync,
  typeOf,
  withoutCopyInResponse,
} from "./protocol.ts";
import type { SharedConnection, Tenant } from "./shared_connection.ts";

type Reply = (data: Uint8Array) => void;

export interface ClientSessionOptions {
  readonly connection: SharedConnection;
  /** Tells this client's prepared statements from those of others. */
  readonly id: number;
  /** Refuse it when it introduces itself: there are too many. */
  readonly isOneTooMany: boolean;
  /** Milliseconds that it may do nothing in a transaction while others wait. */
  readonly idleInTransaction: number;
  /** Ends the socket once what was written has been sent. */
  end(): void;
}

const known = new Set(["startup", "Q", "P", "B", "D", "E", "C", "H", "S", "F"]);
const copyData = new Set(["d", "c", "f"]);
// After these the server says whether it is in a transaction; after the others it waits for more.
const endsCycle = new Set(["startup", "Q", "S", "F"]);
const copyFromStdin = /\bcopy\b[^;]*\bfrom\s+stdin\b/gi;
const changesState = /(^|;)\s*(set|reset|discard)\b|set_config/i;
const endsWithTransaction = /\bset\s+local\b|\bset_config\([^()]*,\s*true\s*\)/gi;

class Refusal extends Error {
  readonly sqlstate: string;

  constructor(sqlstate: string, message: string) {
    super(message);
    this.sqlstate = sqlstate;
  }
}

/**
 * One client's side of the shared connection, in the form in which pglite-socket hands messages over.
 * It has the connection from the first message of a statement or transaction to its end, and its
 * prepared statements carry names of their own.
 */
export class ClientSession {
  readonly #options: ClientSessionOptions;
  readonly #tenant: Tenant = {
    state: { user: "postgres", role: "none", settings: {} },
    isStateChanged: false,
    isGone: false,
  };
  readonly #statements = new Map<string, string>();
  #release: (() => void) | undefined;
  #copy: Message[] | undefined;
  #idle: NodeJS.Timeout | undefined;
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: ClientSessionOptions) {
    this.#options = options;
  }

  /** Handles one message after those before it. */
  enqueue(_handler: number, message: Message, reply: Reply): Promise<number> {
    const done = this.#work.then(async () => {
      clearTimeout(this.#idle);
      if (this.#tenant.isGone) return 0;
      try {
        await this.#handle(message, reply);
      } catch (error) {
        await this.#dismiss(error, reply);
      }
      this.#watchIdleness(reply);
      return 0;
    });
    this.#work = done;
    return done;
  }

  /** The client is gone: messages that wait are not run. */
  clearQueueForHandler(): void {
    this.#tenant.isGone = true;
  }

  /** Ends what a client that is gone has left open. */
  async clearTransactionIfNeeded(): Promise<void> {
    this.#tenant.isGone = true;
    clearTimeout(this.#idle);
    await this.#work;
    await this.#abandon();
  }

  async #handle(message: Message, reply: Reply): Promise<void> {
    const type = typeOf(message);
    if (type === "X") return;
    if (copyData.has(type)) {
      await this.#gatherCopy(message, type, reply);
      return;
    }
    if (!known.has(type)) throw new Refusal("08P01", `There is no message of type ${type} here`);
    if (type === "startup") await this.#introduce(startupParameters(message));
    this.#release ??= await this.#options.connection.take(this.#tenant);
    if (this.#tenant.isGone) return;

    const text = statementText(message) ?? "";
    this.#tenant.isStateChanged ||= changesState.test(text.replace(endsWithTransaction, ""));
    const copies = text.match(copyFromStdin)?.length ?? 0;
    if (copies > 0) {
      if (this.#startCopy(message, text, copies, reply)) return;
    } else {
      if (type === "P") await this.#replaceStatement(message);
      await this.#run(
        renameStatement(message, (name) => this.#nameOf(name)),
        reply,
      );
    }
    if (endsCycle.has(type)) this.#rest();
  }

  async #introduce(parameters: Map<string, string>): Promise<void> {
    if (this.#options.isOneTooMany)
      throw new Refusal("53300", "There are too many clients already");
    const user = parameters.get("user") ?? "postgres";
    const { pglite } = this.#options.connection;
    const { rows } = await this.#options.connection.serve(() =>
      pglite.query("select from pg_roles where rolname = $1 and rolcanlogin", [user]),
    );
    if (rows.length === 0) throw new Refusal("28000", `There is no role "${user}" that may log in`);
    this.#tenant.state.user = user;
    this.#tenant.state.settings = startupSettings(parameters);
  }

  // An unnamed statement lives until the next one, and other clients make theirs in between.
  async #replaceStatement(message: Message): Promise<void> {
    let isUnnamed = false;
    renameStatement(message, (name) => {
      isUnnamed = name === "";
      return name;
    });
    if (isUnnamed) await this.#run(closeStatement(this.#nameOf("")), () => {});
  }

  #nameOf(name: string): string {
    const existing = this.#statements.get(name);
    if (existing) return existing;
    const own = `client_${this.#options.id}_${this.#statements.size}`;
    this.#statements.set(name, own);
    return own;
  }

  // PGlite ends for good when the data of a COPY is not in its hands together with the statement.
  #startCopy(message: Message, text: string, copies: number, reply: Reply): boolean {
    if (copies === 1 && /^\s*copy\b/i.test(text) && typeOf(message) === "Q") {
      this.#copy = [message];
      reply(copyInResponse);
      return true;
    }
    reply(errorResponse("ERROR", "0A000", "COPY FROM STDIN has to be a statement of its own here"));
    if (typeOf(message) === "Q") reply(readyForQuery);
    return false;
  }

  async #gatherCopy(message: Message, type: string, reply: Reply): Promise<void> {
    this.#copy?.push(message);
    if (type === "d" || !this.#copy) return;
    const messages = this.#copy;
    this.#copy = undefined;
    const output: Buffer[] = [];
    await this.#run(new Uint8Array(Buffer.concat(messages)), (data) =>
      output.push(Buffer.from(data)),
    );
    reply(withoutCopyInResponse(Buffer.concat(output)));
    this.#rest();
  }

  async #run(message: Message, reply: Reply): Promise<void> {
    const { pglite } = this.#options.connection;
    await pglite.runExclusive(() => pglite.execProtocolRawStream(message, { onRawData: reply }));
  }

  #rest(): void {
    if (!this.#options.connection.pglite.isInTransaction()) this.#letGo();
  }

  #letGo(): void {
    this.#release?.();
    this.#release = undefined;
  }

  #watchIdleness(reply: Reply): void {
    if (!this.#release) return;
    const { idleInTransaction, connection } = this.#options;
    this.#idle = setTimeout(() => {
      if (!connection.isWanted()) {
        this.#watchIdleness(reply);
        return;
      }
      const reason =
        "Others waited for the one connection while this client's transaction sat idle";
      this.#work = this.#work.then(() => this.#dismiss(new Refusal("25P03", reason), reply));
    }, idleInTransaction).unref();
  }

  async #dismiss(error: unknown, reply: Reply): Promise<void> {
    const { sqlstate, message } =
      error instanceof Refusal
        ? error
        : new Refusal("08006", `The embedded database refused (${(error as Error).message})`);
    reply(errorResponse("FATAL", sqlstate, message));
    this.#tenant.isGone = true;
    await this.#abandon();
    this.#options.end();
  }

  async #abandon(): Promise<void> {
    const { connection } = this.#options;
    this.#copy = undefined;
    try {
      if (this.#release) {
        // A message after a failed one is ignored until there is a Sync.
        await this.#run(sync, () => {});
        if (connection.pglite.isInTransaction()) await connection.pglite.exec("rollback");
        this.#letGo();
      }
      const names = [...this.#statements.values()];
      this.#statements.clear();
      if (names.length === 0) return;
      await connection.serve(async () => {
        for (const name of names) await this.#run(closeStatement(name), () => {});
        await this.#run(sync, () => {});
      });
    } catch {
      // The database is closed or has ended; there is nothing left to clean.
    } finally {
      this.#letGo();
    }
  }
}

/** The settings a client asked for as it connected, those in `options` (PGOPTIONS) included. */
function startupSettings(parameters: Map<string, string>): Record<string, string> {
  const settings: Record<string, string> = {};
  for (const [name, value] of parameters) {
    if (/^(user|database|options|replication|client_encoding|_pq_[.].*)$/.test(name)) continue;
    settings[name] = value;
  }
  const options = parameters.get("options") ?? "";
  for (const [, name, value] of options.matchAll(/(?:^|\s)(?:-c\s*|--)([\w.]+)=((?:\\.|\S)*)/g)) {
    if (name) settings[name] = (value ?? "").replace(/\\(.)/g, "$1");
  }
  return settings;
}
