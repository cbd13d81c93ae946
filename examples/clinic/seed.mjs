import pg from "pg";

export const drSmith = {
  email: "smith@clinic.example",
  password: "open wide please",
  name: "Dr. Smith",
};

/** Dr. Smith signs up as anybody does; a row in the staff table is what makes her staff. */
export async function seedStaff(authUrl, databaseUrl) {
  const { email, password, name } = drSmith;
  const signedUp = await post(`${authUrl}/signup`, { email, password, data: { name } });
  const session = signedUp ?? (await post(`${authUrl}/token`, { email, password }));
  if (!session) return; // Somebody changed the password: she is in the table already.
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(
      "insert into clinic.staff (user_id, name) values ($1, $2) on conflict do nothing",
      [session.user.id, name],
    );
  } finally {
    await client.end();
  }
}

async function post(url, body) {
  const reply = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await reply.json();
  return reply.ok ? answer : undefined;
}
