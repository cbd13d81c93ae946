// Clients that each have a session in every project, and refresh one after the other.
import { openConnection, requestOf } from "../http_client.mjs";
import { closedLoop } from "../meter.mjs";
import { tokenOf } from "./tokens.mjs";

let port;
let clients = [];

process.on("disconnect", () => process.exit());
process.on("message", async (job) => {
  if (job.ids) prepare(job);
  process.send?.(job.ids ? {} : await run(job));
});
process.send?.({});

/** Each client begins elsewhere, so that no project has all of them at once. */
function prepare({ seed, ids, clients: width, ...job }) {
  port = job.port;
  clients = Array.from({ length: width }, (_, client) => ({
    ids,
    tokens: ids.map((id) => tokenOf(seed, id, client).text),
    next: Math.floor((client * ids.length) / width),
  }));
}

/** For some seconds, or as many turns of each client. */
async function run({ seconds, turns }) {
  const connections = clients.map(() => openConnection(port));
  let failures = 0;
  const work = async (index) => {
    if (!(await refresh(clients[index], connections[index]))) failures += 1;
  };
  const result = seconds
    ? await closedLoop(clients.length, seconds, work)
    : await Promise.all(clients.map((_, index) => repeat(turns, () => work(index))));
  for (const { close } of connections) close();
  return { ...result, failures };
}

async function repeat(times, work) {
  for (let time = 0; time < times; time += 1) await work();
}

async function refresh(client, { send }) {
  const { ids, tokens, next } = client;
  const body = { refresh_token: tokens[next] };
  const request = requestOf({ method: "POST", path: `/${ids[next]}/refresh`, body });
  const { status, text } = await send(request);
  if (status === 200) tokens[next] = JSON.parse(text).refresh_token;
  client.next = (next + 1) % ids.length;
  return status === 200;
}
