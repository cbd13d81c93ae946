// The limits that are measured in this process: the SQL function through the pool, and the hasher.
import { connectPostgres } from "miosa-auth";
import { projectFunctions } from "../dist/src/database/functions.js";
import { createHasher } from "../dist/src/passwords/hasher.js";
import { newSalt } from "../dist/src/passwords/salt.js";

export async function directRate(url, schema, users, connections, seconds) {
  const database = connectPostgres({ url, connections, preparedStatements: true });
  const functions = projectFunctions(database, schema);
  const result = await inParallel(connections, seconds, (index) => {
    const { session: sessionId, user: userId } = users[index];
    return functions.getUser({ sessionId, userId });
  });
  await database.close();
  return result;
}

export async function hasherRate(seconds) {
  const hasher = createHasher();
  const salt = newSalt(10);
  const result = await inParallel(16, seconds, () => hasher.hash("a perfectly fine phrase", salt));
  await hasher.close();
  return result;
}

async function inParallel(width, seconds, work) {
  const deadline = performance.now() + seconds * 1000;
  let requests = 0;
  await Promise.all(
    Array.from({ length: width }, async (_, index) => {
      while (performance.now() < deadline) {
        await work(index);
        requests += 1;
      }
    }),
  );
  return { requests, rate: requests / seconds };
}
