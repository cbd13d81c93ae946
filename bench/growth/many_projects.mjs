// A database of many projects, which stays: they take some fifth of a second each to make.
import * as miosa from "miosa-auth";
import { administer } from "../administer.mjs";
import { runtimeRole } from "../fixture.mjs";

// The same in each run, for nothing is worth hiding in there.
const masterKey = "0b".repeat(32);

/** Sees to it that there are as many; resolves with their ids and how a server reaches them. */
export async function manyProjects(adminUrl, count, name = "miosa_bench_many") {
  const found = await administer(adminUrl, `select from pg_database where datname = '${name}'`);
  if (found.length === 0) await administer(adminUrl, `create database ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  const admin = miosa.connectPostgres({ url: url.href, connections: 2 });
  await miosa.prepareDatabase(admin, { runtimeRole });
  await miosa.upgradeProjects(admin);
  const keyring = miosa.parseKeyring(masterKey);
  const existing = new Set((await miosa.listProjects(admin)).map(({ id }) => id));
  const ids = Array.from({ length: count }, (_, index) => `proj_${name}_${index}`);
  for (const id of ids) if (!existing.has(id)) await miosa.createProject(admin, { id, keyring });
  const server = new URL(url);
  server.username = runtimeRole;
  return { admin, adminUrl: url.href, url: server.href, masterKey, ids };
}
