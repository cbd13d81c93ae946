// Closed-loop HTTP load over plain sockets, in a process of its own: a full HTTP client costs as much
// as the server it measures.
import { connect } from "node:net";

const job = JSON.parse(process.env.BENCH_LOAD ?? "{}");
const deadline = performance.now() + job.seconds * 1000;
const latencies = [];
let failures = 0;

await Promise.all(job.clients.map(run));
latencies.sort((a, b) => a - b);
process.send?.({
  requests: latencies.length,
  failures,
  rate: latencies.length / job.seconds,
  p50: at(0.5),
  p99: at(0.99),
});

async function run(client) {
  const socket = connect(job.port, "127.0.0.1");
  socket.setNoDelay(true);
  const reply = replies(socket);
  let { body } = client;
  let count = 0;
  while (performance.now() < deadline) {
    if (job.signsUp) body = { ...body, email: `${client.name}.${count++}@example.com` };
    const start = performance.now();
    socket.write(request(client, body));
    const { status, text } = await reply();
    latencies.push(performance.now() - start);
    if (status !== 200) failures += 1;
    else if (job.rotates) body = { refresh_token: JSON.parse(text).refresh_token };
  }
  socket.destroy();
}

function request({ method, path, token }, body) {
  const payload = body === undefined ? "" : JSON.stringify(body);
  const lines = [`${method} ${path} HTTP/1.1`, "Host: bench"];
  if (token) lines.push(`Authorization: Bearer ${token}`);
  if (payload)
    lines.push("Content-Type: application/json", `Content-Length: ${Buffer.byteLength(payload)}`);
  return `${lines.join("\r\n")}\r\n\r\n${payload}`;
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

function at(share) {
  return latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
}
