import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createTestProject, type TestProject } from "../support/project.ts";
import { openSocket, readReply } from "../support/raw_http.ts";
import { collectFigures, scaled } from "./figures.ts";
import { sendTo } from "./http_client.ts";
import { type KillableService, startKillable } from "./killed_service.ts";
import { sampleProcess } from "./process_samples.ts";
import type { Send } from "./retrying_client.ts";

const seconds = 1_000;
const drip = 10 * seconds;
const calm = 10 * seconds;
const figures = collectFigures("Clients that send a byte every ten seconds");

let project: TestProject;
let service: KillableService;
let send: Send;
let token: string;

beforeAll(async () => {
  project = await createTestProject();
  token = (await project.signUp()).access_token;
  service = await startKillable(project.service);
  send = sendTo(() => service.port, project.id);
});
afterAll(() => service.stop());

/** Sends one byte now and then until the server has enough: its answer, and after how many seconds it closed. */
async function trickle(start: string) {
  const socket = await openSocket(service.port);
  const begun = performance.now();
  const closed = new Promise((resolve) => socket.once("close", resolve));
  const reply = readReply(socket);
  socket.write(start);
  const dripping = setInterval(() => socket.writable && socket.write("a"), drip);
  await closed;
  clearInterval(dripping);
  return { status: (await reply).status, after: (performance.now() - begun) / seconds };
}

/** Asks for the user again and again, one after the other; gives how long each took, the shortest first. */
async function askUntil(isOver: () => boolean): Promise<number[]> {
  const times: number[] = [];
  while (!isOver()) {
    const begun = performance.now();
    expect((await send("/user", { token })).status).toBe(200);
    times.push(performance.now() - begun);
    await sleep(20);
  }
  return times.sort((a, b) => a - b);
}

const ninetyNineOf100 = (times: readonly number[]) => times[Math.floor(times.length * 0.99)] ?? 0;

it("are closed upon at the limits that the server sets, and nobody else is kept waiting (case 151)", async () => {
  const each = Math.ceil(scaled(2_000) / 2);
  const until = performance.now() + calm;
  const quiet = await askUntil(() => performance.now() > until);

  const { samples, stop } = sampleProcess(service.pid(), async () => 0, 500);
  const many = (start: string) => Promise.all(Array.from({ length: each }, () => trickle(start)));
  const slow = Promise.all([
    many(`GET /${project.id}/user HTTP/1.1\r\nHost: auth.test\r\nX-Slow: `),
    many(
      `POST /${project.id}/signup HTTP/1.1\r\nHost: auth.test\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n`,
    ),
  ]);
  let isOver = false;
  const ending = slow.finally(() => {
    isOver = true;
  });
  const busy = await askUntil(() => isOver);
  const [inHeaders, inBody] = await ending;
  stop();

  const latest = (closed: typeof inHeaders) => Math.max(...closed.map(({ after }) => after));
  const milliseconds = (times: readonly number[]) => `${Math.round(ninetyNineOf100(times))} ms`;
  figures.add("in the headers: the last closed after", each, `${latest(inHeaders).toFixed(1)} s`);
  figures.add("in the body: the last closed after", each, `${latest(inBody).toFixed(1)} s`);
  figures.add("sockets at once, most", samples.length, Math.max(...samples.map((s) => s.files)));
  figures.add("others before, 99 of 100 within", quiet.length, milliseconds(quiet));
  figures.add("others meanwhile, 99 of 100 within", busy.length, milliseconds(busy));
  expect(new Set([...inHeaders, ...inBody].map(({ status }) => status))).toEqual(new Set([408]));
  // Ten seconds, and thirty; what is over is looked for every two.
  expect(latest(inHeaders)).toBeLessThan(15);
  expect(latest(inBody)).toBeLessThan(35);
  expect(ninetyNineOf100(busy)).toBeLessThan(500);
});
