import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Has everything collected that nobody holds, again and again while `work` goes on. */
export async function whileCollecting<T>(work: Promise<T>): Promise<T> {
  let isOver = false;
  const done = work.finally(() => {
    isOver = true;
  });
  // Whoever awaits the result hears of a failure.
  const settled = done.then(
    () => {},
    () => {},
  );
  while (!isOver) {
    await Promise.race([sleep(20), settled]);
    collect();
  }
  return done;
}
