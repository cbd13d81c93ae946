import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** What a server sent before it closed the connection, or fell silent. */
export interface RawReply {
  /** 0 when nothing came. */
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/**
 * Sends bytes as they are, which no HTTP client would, and gives what came back once the connection
 * is closed or the first reply is whole.
 */
export async function sendRaw(port: number, ...parts: (string | Buffer)[]): Promise<RawReply> {
  const socket = await openSocket(port);
  const reply = readReply(socket);
  for (const part of parts) {
    if (socket.writable) socket.write(part);
  }
  const answer = await reply;
  socket.destroy();
  return answer;
}

/** A connection whose errors are no concern of the test: servers may reset what they refuse. */
export async function openSocket(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Reads one reply, or until the connection closes. */
export function readReply(socket: Socket): Promise<RawReply> {
  return new Promise((resolve) => {
    let text = "";
    const settle = (closed: boolean) => {
      const reply = parse(text, closed);
      if (reply) resolve(reply);
    };
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      settle(false);
    });
    socket.on("close", () => settle(true));
  });
}

function parse(text: string, closed: boolean): RawReply | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end === -1) return closed ? { status: 0, head: "", body: "" } : undefined;
  const head = text.slice(0, end);
  const body = text.slice(end + 4);
  const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0);
  if (body.length < length && !closed) return undefined;
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
  return { status, head, body: body.slice(0, length) };
}
