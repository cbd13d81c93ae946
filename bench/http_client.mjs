// HTTP over a plain socket: a full client costs as much as the server that it measures.
import { connect } from "node:net";

// The server ends a connection that nobody has used for five seconds, perhaps while a request is on its way.
const longestRest = 4000;

/**
 * A connection; `send` resolves with the status and the text of the answer. It is made with the first
 * request, and anew after a rest.
 */
export function openConnection(port) {
  let connection;
  let usedAt = 0;
  const send = (request) => {
    if (connection && performance.now() - usedAt > longestRest) connection.socket.destroy();
    if (!connection || connection.socket.destroyed) connection = connected(port);
    usedAt = performance.now();
    connection.socket.write(request);
    return connection.reply();
  };
  return { send, close: () => connection?.socket.destroy() };
}

function connected(port) {
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  return { socket, reply: replies(socket) };
}

export function requestOf({ method, path, token, headers = {}, body }) {
  const payload = body === undefined ? "" : JSON.stringify(body);
  const lines = [`${method} ${path} HTTP/1.1`, "Host: bench"];
  if (token) lines.push(`Authorization: Bearer ${token}`);
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (payload)
    lines.push("Content-Type: application/json", `Content-Length: ${Buffer.byteLength(payload)}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${payload}`);
}

function replies(socket) {
  let received = "";
  let waiting;
  const failed = (error) => waiting?.reject(error ?? new Error("the server closed the connection"));
  socket.on("error", failed);
  socket.on("close", () => failed());
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
    const end = received.indexOf("\r\n\r\n");
    if (end === -1) return;
    const bodyEnd = endOfBody(received, end);
    if (bodyEnd === null) return;
    const status = Number(received.slice(9, 12));
    const text = received.slice(end + 4, bodyEnd);
    received = received.slice(bodyEnd);
    waiting.resolve({ status, text });
  });
  return () =>
    new Promise((resolve, reject) => {
      waiting = { resolve, reject };
    });
}

function endOfBody(received, end) {
  const head = received.slice(0, end);
  if (/transfer-encoding: chunked/i.test(head)) {
    const last = received.indexOf("0\r\n\r\n", end + 4);
    return last === -1 ? null : last + 5;
  }
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
  return received.length < end + 4 + length ? null : end + 4 + length;
}
