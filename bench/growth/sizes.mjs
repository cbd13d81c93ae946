// Refresh in projects of different sizes, under pgbench. Each user has a chain of refresh tokens that
// pgbench can compute: the SHA-256 of a number for the user and one for the place in the chain.
import { administer } from "../administer.mjs";
import { createFixture, firstUser } from "../fixture.mjs";
import { pgbench } from "../pgbench.mjs";
import { hashOf, insistent, recordCalls, scriptOf } from "../scripts.mjs";

const clients = 2;
// A prime steps through all the users of a client before it comes to one again.
const stride = 7919;

export async function userSizes({ adminUrl, counts, program }) {
  const projects = new Map();
  const close = async () => {
    for (const { fixture } of projects.values()) await fixture.close();
  };
  try {
    for (const count of counts) projects.set(count, await fill(adminUrl, count));
    await administer(adminUrl, "checkpoint");
  } catch (error) {
    await close();
    throw error;
  }
  return { measure, close };

  async function measure(count, { seconds, round }) {
    const project = projects.get(count);
    // The first round counts what fits into the time; then all do as much, and go on from there.
    const transactions = round === 0 ? 200 : Math.ceil(project.rate * seconds);
    const script = round === 0 ? insistent(project.script) : project.script;
    const extent = ["-t", String(transactions)];
    const { fixture, first } = project;
    const logged = "1";
    const result = await pgbench({
      program,
      url: fixture.url,
      script,
      clients,
      extent,
      first,
      logged,
    });
    project.first += transactions;
    project.rate = result.rate / clients;
    return result;
  }
}

async function fill(adminUrl, count) {
  const fixture = await createFixture(adminUrl);
  const user = await firstUser(fixture);
  const perClient = Math.floor(count / clients);
  await fixture.run(`
    with numbered as materialized (
      select n, gen_random_uuid() as user_id, gen_random_uuid() as session_id
      from generate_series(0, ${perClient * clients - 1}) n
    ), u as (
      insert into users (id, email) select user_id, format('user.%s@example.com', n) from numbered
    ), i as (
      insert into identities (user_id, provider, issuer, subject)
      select user_id, 'email', 'email', user_id::text from numbered
    ), s as (
      insert into sessions (id, user_id) select session_id, user_id from numbered
    )
    insert into refresh_tokens (session_id, token_hash)
    select session_id, sha256(convert_to(n || ':0', 'UTF8')) from numbered`);
  for (const table of ["users", "identities", "sessions", "refresh_tokens"])
    await administer(adminUrl, `vacuum (analyze) ${fixture.id}.${table}`);
  const recorded = await recordCalls({ ...fixture, user });
  const place = `(((:n)::bigint - 1) / ${perClient})`;
  const owner = `((((:n)::bigint - 1) * ${stride}) % ${perClient} * ${clients} + :client_id)`;
  const token = (offset) => hashOf(`${owner}::text || ':' || (${place} + ${offset})::text`);
  const script = scriptOf("refresh", recorded.refresh, 0, [token(0), token(1)]);
  return { fixture, script, first: 0, rate: 0 };
}
