// The calls as pgbench scripts, made of what the capabilities themselves send, so that a limit is of
// the very statements whose limit it is.

import { connectPostgres } from "miosa-auth";
import { ownName } from "../dist/src/database/own_names.js";
import { capabilities } from "./capabilities.mjs";

// pgbench counts its variable n up; with the client's number it makes a text that comes once.
const once = (round) => `'${round}:' || (:client_id)::int::text || ':' || (:n)::int::text`;
export const hashOf = (text) => `sha256(convert_to(${text}, 'UTF8'))`;

/** Runs each call once on a database that writes the statements down. */
export async function recordCalls({ url, masterKey, id, user }) {
  const database = connectPostgres({ url, connections: 1 });
  let sent = [];
  const call = (statement) => {
    sent.push(statement);
    return database.call(statement);
  };
  const calls = await capabilities({ database: { ...database, call }, masterKey, id });
  const recorded = {};
  for (const [name, run] of Object.entries(calls)) {
    sent = [];
    await run(name === "signup" ? { ...user, email: "recorded.too@example.com" } : user);
    recorded[name] = sent;
  }
  await database.close();
  return recorded;
}

/**
 * The script of a call; what must differ from one transaction to the next is replaced by SQL. A refresh
 * is of the seeded chains, unless the hashes of its token and of the child are given.
 */
export function scriptOf(name, [first, second], round, hashes = chained(round)) {
  const email = `'user.' || (:client_id)::int::text || '@example.com'`;
  const token = hashOf(`'${name}:' || ${once(round)}`);
  const count = "\\set n :n + 1\n";
  if (name === "get-user") return `${statement(first)};\n`;
  if (name === "refresh") return `${count}${statement(first, { ...hashes })};\n`;
  if (name === "login") {
    const reserve = statement(first, { 0: email });
    const attempt = `select (${reserve}) ->> 'attempt' as attempt \\gset\n`;
    return `${count}${attempt}${statement(second, { 0: "(:attempt)::uuid", 1: email, 3: token })};\n`;
  }
  const address = `'pg.' || ${once(round).replaceAll(":'", ".'")} || '@example.com'`;
  const mail = `${literal("jsonb", first.args[5].value)} || jsonb_build_object('token_hash', encode(${token}, 'hex'))`;
  return `${count}${statement(first, { 0: address, 1: address, 4: token, 5: mail })};\n`;
}

/** The hashes of the current token of a client's seeded chain, and of the next. */
function chained(round) {
  return [-1, 0].map((offset) =>
    hashOf(`'${round}:' || (:client_id)::int::text || ':' || ((:n)::int + ${offset})::text`),
  );
}

/** Fails when a call is refused, which under pgbench looks like any other answer. */
export function insistent(script) {
  const end = script.lastIndexOf("\n", script.length - 2) + 1;
  const call = script.slice(end).replace(/;\n$/, "");
  return `${script.slice(0, end)}select 1 / (((${call}) ->> 'outcome') is null)::int;\n`;
}

function statement({ schema, name, args }, replaced = {}) {
  const list = args.map(({ type, value }, index) => replaced[index] ?? literal(type, value));
  return `select "${schema}".${ownName(schema, name)}(${list.join(", ")})`;
}

function literal(type, value) {
  if (value === null) return `null::${type}`;
  const text =
    value instanceof Uint8Array ? `\\x${Buffer.from(value).toString("hex")}` : String(value);
  // A colon before a letter would be a variable of pgbench's.
  const spaced = type === "jsonb" ? text.replaceAll('":', '": ') : text;
  return `'${spaced.replaceAll("'", "''")}'::${type}`;
}
