import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { startServer } from "../../src/http/server.ts";
import { createTestProject } from "../support/project.ts";
import { openSession, refresh, rotate } from "../support/sessions.ts";

it("a refresh that waits for its turn is not made when its client has left (case 198)", async () => {
  const project = await createTestProject();
  const { engine, runtimeRole, masterKey, publicUrl } = project.service;
  if (engine.kind !== "postgres") throw new Error("this needs a server");
  const database = connectPostgres({ url: engine.url(runtimeRole), connections: 1 });
  const auth = createAuth({ database, masterKey, publicUrl });
  const server = await startServer({ fetch: auth.fetch, host: "127.0.0.1", port: 0 });
  const holder = await engine.connect("postgres");
  try {
    const [slow, left] = [await openSession(project), await openSession(project)];
    // The one connection is taken by a refresh that waits for a lock.
    await rotate(project, (await openSession(project)).refreshToken, { auth });
    await holder.query(
      `begin; select from ${project.id}.sessions where id = '${slow.id}' for update`,
    );
    const stuck = refresh(project, slow.refreshToken, { auth });
    while (database.load?.().busy !== 1) await sleep(5);

    const body = JSON.stringify({ refresh_token: left.refreshToken });
    const client = connect(server.port, "127.0.0.1");
    client.write(
      `POST /${project.id}/refresh HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    while (database.load?.().waiting !== 1) await sleep(5);
    client.destroy();
    await once(client, "close");
    // By the time of this answer the server has heard of it.
    expect((await fetch(`http://127.0.0.1:${server.port}/health/live`)).status).toBe(200);

    await holder.query("commit");
    expect((await stuck).status).toBe(200);
    while (database.load?.().waiting !== 0) await sleep(5);
    await rotate(project, (await openSession(project)).refreshToken, { auth });
    const tokens = await project.sql("select from refresh_tokens where session_id = $1", [left.id]);
    expect(tokens).toHaveLength(1);
    await rotate(project, left.refreshToken, { auth });
  } finally {
    await holder.end();
    await server.close(0);
    await auth.close();
    await database.close();
  }
});
