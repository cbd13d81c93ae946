/** Hears of each message of one direction: its type, and all its bytes with it. */
type OnMessage = (type: string, bytes: Buffer) => void;

/** The start of a connection is the one message that has no type. */
export const startup = "";

/**
 * Puts the bytes of one direction of a connection to Postgres together to messages: a byte of type,
 * then a length that counts itself. Not for TLS, whose start has no such form.
 *
 * @returns takes the chunks as they come
 */
export function messageReader(side: "frontend" | "backend", onMessage: OnMessage) {
  let rest: Buffer = Buffer.alloc(0);
  let isStarting = side === "frontend";
  return (chunk: Buffer): void => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const typeLength = isStarting ? 0 : 1;
      if (rest.length < typeLength + 4) return;
      const end = typeLength + rest.readInt32BE(typeLength);
      if (rest.length < end) return;
      const message = rest.subarray(0, end);
      rest = rest.subarray(end);
      const type = isStarting ? startup : String.fromCharCode(message[0] ?? 0);
      isStarting = false;
      onMessage(type, message);
    }
  };
}
