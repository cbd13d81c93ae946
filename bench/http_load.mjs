// Closed-loop HTTP load in a process of its own.
import { openConnection, requestOf } from "./http_client.mjs";
import { closedLoop } from "./meter.mjs";

process.on("disconnect", () => process.exit());
process.on("message", async (job) => {
  let failures = 0;
  const clients = job.clients.map((client) => open(job.port, client));
  const result = await closedLoop(clients.length, job.seconds, async (index) => {
    if (!(await clients[index].send())) failures += 1;
  });
  for (const { close } of clients) close();
  process.send?.({ ...result, failures });
});
process.send?.({});

/** `expects` is a text of every good answer, where status 200 alone does not tell. */
function open(port, { newEmail, rotates, expects = "", ...request }) {
  const connection = openConnection(port);
  const { method, path, body } = request;
  let next = requestOf(request);
  let count = 0;
  const send = async () => {
    if (newEmail !== undefined) {
      count += 1;
      const email = `${newEmail}.${count}@example.com`;
      next = requestOf({ ...request, body: { ...body, email } });
    }
    const { status, text } = await connection.send(next);
    if (rotates && status === 200) {
      const { refresh_token } = JSON.parse(text);
      next = requestOf({ method, path, body: { refresh_token } });
    }
    return status === 200 && text.includes(expects);
  };
  return { send, close: connection.close };
}
