// The limits that this machine's Node sets: the capabilities through the pool, and the bare hasher.
import { connectPostgres } from "miosa-auth";
import { createHasher } from "../dist/src/passwords/hasher.js";
import { newSalt } from "../dist/src/passwords/salt.js";
import { capabilities } from "./capabilities.mjs";
import { closedLoop, meter } from "./meter.mjs";

const { url, masterKey, connections, id } = JSON.parse(process.env.BENCH ?? "{}");

const metered = meter(connectPostgres({ url, connections, preparedStatements: true }));
const calls = await capabilities({ database: metered.database, masterKey, id });
const hasher = createHasher();
const salt = newSalt(10);

process.on("disconnect", () => process.exit());
process.on("message", async ({ call, seconds, users }) => {
  const work =
    call === "hasher"
      ? () => hasher.hash(users[0].password, salt, "proj_one")
      : userCall(calls[call], users);
  metered.reset();
  const result = await closedLoop(connections, seconds, work);
  process.send?.({ ...result, failures: 0, cost: metered.read() });
});
process.send?.({});

function userCall(call, users) {
  let count = 0;
  return (index) => {
    const user = users[index];
    if (user.newEmail === undefined) return call(user);
    count += 1;
    return call({ ...user, email: `${user.newEmail}.${count}@example.com` });
  };
}
