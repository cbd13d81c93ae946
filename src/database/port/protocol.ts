/** A frontend message as it came: a type byte (none for the first one), a length, a body. */
export type Message = Uint8Array;

/** The letter of a message; the first of a connection has none. */
export function typeOf(message: Message): string {
  return message[0] === 0 ? "startup" : String.fromCharCode(message[0] ?? 0);
}

/** What a client says of itself first: `user`, `database`, and settings. */
export function startupParameters(message: Message): Map<string, string> {
  const parts = text(message.subarray(8)).split("\0");
  const parameters = new Map<string, string>();
  for (let index = 0; index + 1 < parts.length && parts[index]; index += 2) {
    parameters.set(parts[index] ?? "", parts[index + 1] ?? "");
  }
  return parameters;
}

/** The SQL in a Query or a Parse, and nothing for any other message. */
export function statementText(message: Message): string | undefined {
  const type = typeOf(message);
  if (type === "Q") return readString(message, 5).value;
  if (type === "P") return readString(message, readString(message, 5).end).value;
  return undefined;
}

/** The same message with the name of its prepared statement replaced, where it has one. */
export function renameStatement(message: Message, rename: (name: string) => string): Message {
  const start = statementNameAt(message);
  if (start === undefined) return message;
  const { value, end } = readString(message, start);
  const tail = message.subarray(end);
  const body = Buffer.concat([message.subarray(5, start), cString(rename(value)), tail]);
  return frame(typeOf(message), body);
}

function statementNameAt(message: Message): number | undefined {
  const type = typeOf(message);
  if (type === "P") return 5;
  if (type === "B") return readString(message, 5).end;
  if ((type === "D" || type === "C") && message[5] === code("S")) return 6;
  return undefined;
}

export const sync = frame("S", Buffer.alloc(0));

export function closeStatement(name: string): Message {
  return frame("C", Buffer.concat([Buffer.from("S"), cString(name)]));
}

export const readyForQuery = frame("Z", Buffer.from("I"));

/** Asks the client for the data of a COPY, in text or whatever it has. */
export const copyInResponse = frame("G", Buffer.alloc(3));

/** What a server said, without the CopyInResponse that its client has had already. */
export function withoutCopyInResponse(output: Buffer): Buffer {
  return output[0] === code("G") ? output.subarray(1 + output.readInt32BE(1)) : output;
}

export function errorResponse(severity: "ERROR" | "FATAL", sqlstate: string, message: string) {
  const fields = [`S${severity}`, `V${severity}`, `C${sqlstate}`, `M${message}`];
  return frame("E", Buffer.concat([...fields.map(cString), Buffer.alloc(1)]));
}

function frame(type: string, body: Uint8Array): Message {
  const head = Buffer.alloc(5);
  head[0] = code(type);
  head.writeInt32BE(body.length + 4, 1);
  return new Uint8Array(Buffer.concat([head, body]));
}

// A string that does not end runs to the end of its message: Postgres refuses it then.
function readString(message: Message, start: number): { value: string; end: number } {
  const found = message.indexOf(0, start);
  const end = found < 0 ? message.length : found;
  return { value: text(message.subarray(start, end)), end: Math.min(end + 1, message.length) };
}

function cString(value: string): Buffer {
  return Buffer.from(`${value}\0`);
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}

function code(letter: string): number {
  return letter.charCodeAt(0);
}
