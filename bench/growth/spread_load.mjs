// Clients that each have a session in every project, and refresh one after the other.
import { openConnection, requestOf } from "../http_client.mjs";
import { closedLoop } from "../meter.mjs";
import { tokenOf } from "./tokens.mjs";

let refreshers = [];
let failures = 0;

process.on("disconnect", () => process.exit());
process.on("message", async (job) => {
  failures = 0;
  process.send?.(job.ids ? await warm(job) : await measure(job));
});
process.send?.({});

async function warm({ port, seed, ids, clients, passes }) {
  refreshers = Array.from({ length: clients }, (_, client) => refresher(port, seed, ids, client));
  await Promise.all(
    refreshers.map(async (refresh) => {
      for (let turn = 0; turn < passes * ids.length; turn += 1) await refresh();
    }),
  );
  if (failures > 0) throw new Error(`${failures} refreshes failed`);
  return {};
}

async function measure({ seconds }) {
  const result = await closedLoop(refreshers.length, seconds, (index) => refreshers[index]());
  return { ...result, failures };
}

function refresher(port, seed, ids, client) {
  const { send } = openConnection(port);
  const tokens = ids.map((id) => tokenOf(seed, id, client).text);
  // Each begins elsewhere, so that no project has all of them at once.
  let index = Math.floor((client * ids.length) / 8);
  return async () => {
    const body = { refresh_token: tokens[index] };
    const request = requestOf({ method: "POST", path: `/${ids[index]}/refresh`, body });
    const { status, text } = await send(request);
    if (status === 200) tokens[index] = JSON.parse(text).refresh_token;
    else failures += 1;
    index = (index + 1) % ids.length;
  };
}
