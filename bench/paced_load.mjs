// Open-loop HTTP load in a process of its own: requests come when they come, answered or not.
import { setTimeout as sleep } from "node:timers/promises";
import { openCaller } from "./http_caller.mjs";
import { quantiles } from "./meter.mjs";

process.on("disconnect", () => process.exit());
process.on("message", async ({ port, seconds, streams }) => {
  const results = streams.map((stream) => arrivals(port, seconds, stream));
  process.send?.(Object.fromEntries(await Promise.all(results)));
});
process.send?.({});

/** Resolves with the stream's name and figures when its last request is answered. */
async function arrivals(port, seconds, { name, perSecond, clients }) {
  const idle = clients.map((client) => openCaller(port, client));
  const answers = [];
  const pending = new Set();
  const start = performance.now();
  const end = start + seconds * 1000;
  let due = start + gap(perSecond);
  while (due < end) {
    await sleep(due - performance.now());
    due += gap(perSecond);
    const caller = idle.shift();
    if (!caller) throw new Error(`all ${clients.length} clients of ${name} wait for an answer`);
    const answered = timed(caller).then((answer) => {
      answers.push(answer);
      idle.push(caller);
      pending.delete(answered);
    });
    pending.add(answered);
  }
  await Promise.all(pending);
  const drained = performance.now() - end;
  for (const caller of idle) caller.close();
  return [name, figures(answers, { seconds, drained: Math.max(0, drained) })];
}

/** Milliseconds until the next arrival, of a Poisson process. */
function gap(perSecond) {
  return (-Math.log(1 - Math.random()) * 1000) / perSecond;
}

async function timed(caller) {
  const asked = performance.now();
  const { status, good } = await caller.send();
  return { status, good, milliseconds: performance.now() - asked };
}

/** Latencies are those of good answers; what was refused is counted by its status. */
function figures(answers, { seconds, drained }) {
  const good = answers.filter((answer) => answer.good);
  const others = answers.filter((answer) => !answer.good);
  const refused = others.filter(({ status }) => status === 503).length;
  return {
    ...{ requests: answers.length, rate: good.length / seconds },
    ...{ refused, failed: others.length - refused, drained },
    ...quantiles(good.map(({ milliseconds }) => milliseconds)),
  };
}
