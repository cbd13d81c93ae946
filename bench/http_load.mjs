// Closed-loop HTTP load over plain sockets, in a process of its own: a full HTTP client costs as much
// as the server it measures.
import { connect } from "node:net";
import { closedLoop } from "./meter.mjs";

process.on("disconnect", () => process.exit());
process.on("message", async (job) => {
  let failures = 0;
  const clients = job.clients.map((client) => open(job.port, client));
  const result = await closedLoop(clients.length, job.seconds, async (index) => {
    const status = await clients[index].send();
    if (status !== 200) failures += 1;
  });
  for (const { socket } of clients) socket.destroy();
  process.send?.({ ...result, failures });
});
process.send?.({});

function open(port, { method, path, token, body, newEmail, rotates }) {
  const socket = connect(port, "127.0.0.1");
  socket.setNoDelay(true);
  const reply = replies(socket);
  let next = requestOf({ method, path, token, body });
  let count = 0;
  const send = async () => {
    if (newEmail !== undefined) {
      count += 1;
      const email = `${newEmail}.${count}@example.com`;
      next = requestOf({ method, path, body: { ...body, email } });
    }
    socket.write(next);
    const { status, text } = await reply();
    if (rotates && status === 200) {
      const { refresh_token } = JSON.parse(text);
      next = requestOf({ method, path, body: { refresh_token } });
    }
    return status;
  };
  return { socket, send };
}

function requestOf({ method, path, token, body }) {
  const payload = body === undefined ? "" : JSON.stringify(body);
  const lines = [`${method} ${path} HTTP/1.1`, "Host: bench"];
  if (token) lines.push(`Authorization: Bearer ${token}`);
  if (payload)
    lines.push("Content-Type: application/json", `Content-Length: ${Buffer.byteLength(payload)}`);
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n${payload}`);
}

function replies(socket) {
  let received = "";
  let waiting;
  socket.on("data", (chunk) => {
    received += chunk.toString("latin1");
    const end = received.indexOf("\r\n\r\n");
    if (end === -1) return;
    const length = Number(/content-length: (\d+)/i.exec(received.slice(0, end))?.[1] ?? 0);
    if (received.length < end + 4 + length) return;
    const status = Number(received.slice(9, 12));
    const text = received.slice(end + 4, end + 4 + length);
    received = received.slice(end + 4 + length);
    waiting({ status, text });
  });
  return () =>
    new Promise((resolve) => {
      waiting = resolve;
    });
}
