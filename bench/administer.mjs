// One statement of the administrator's, outside of a transaction, for what no transaction may hold.
import pg from "pg";

export async function administer(url, sql) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
