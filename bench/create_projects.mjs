// How long creating a project takes as a database fills, and what a project weighs.
//   npm run build && node bench/create_projects.mjs postgres://administrator@host/database [count]
import {
  connectPostgres,
  createProject,
  generateMasterKey,
  parseKeyring,
  prepareDatabase,
} from "miosa-auth";

const [url, count = "1000"] = process.argv.slice(2);
const database = connectPostgres({ url, connections: 1 });
const keyring = parseKeyring(generateMasterKey());
await prepareDatabase(database);

const before = await size();
const milliseconds = [];
for (let index = 0; index < Number(count); index += 1) {
  const start = performance.now();
  await createProject(database, { id: `proj_bench_${process.pid}_${index}`, keyring });
  milliseconds.push(performance.now() - start);
}
const after = await size();

const step = Math.max(1, Math.floor(milliseconds.length / 10));
const tenths = [];
for (let from = 0; from < milliseconds.length; from += step) {
  const slice = milliseconds.slice(from, from + step).sort((a, b) => a - b);
  tenths.push({
    projects: `${from + 1}-${from + slice.length}`,
    median_ms: Number(slice[Math.floor(slice.length / 2)].toFixed(1)),
  });
}
console.table(tenths);
console.log(`MB per project: ${((after - before) / milliseconds.length / 2 ** 20).toFixed(2)}`);
await database.close();

async function size() {
  return database.transaction(async (tx) => {
    const [row] = await tx.query("select pg_database_size(current_database()) as bytes");
    return Number(row.bytes);
  });
}
