// Closed-loop HTTP load in a process of its own.
import { openCaller } from "./http_caller.mjs";
import { closedLoop } from "./meter.mjs";

process.on("disconnect", () => process.exit());
process.on("message", async (job) => {
  let failures = 0;
  const callers = job.clients.map((client) => openCaller(job.port, client));
  const result = await closedLoop(callers.length, job.seconds, async (index) => {
    const { good } = await callers[index].send();
    if (!good) failures += 1;
  });
  for (const { close } of callers) close();
  process.send?.({ ...result, failures });
});
process.send?.({});
