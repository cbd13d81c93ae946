import { expect, it } from "vitest";
import { upgradeProject } from "../../src/projects/upgrade_project.ts";
import { createTestProject } from "../support/project.ts";

it("a project is upgraded under live traffic without one failed request (case 148)", async () => {
  const project = await createTestProject();
  const { engine, admin } = project.service;
  const sessions = await Promise.all(Array.from({ length: 6 }, () => project.signUp()));
  let isDone = false;
  const statuses = new Map<number, number>();
  const count = (status: number) => statuses.set(status, (statuses.get(status) ?? 0) + 1);

  const clients = sessions.map(async ({ access_token: token, refresh_token: first }) => {
    let refresh_token = first;
    while (!isDone) {
      const reply = await project.post<{ refresh_token: string }>("/refresh", { refresh_token });
      count(reply.status);
      refresh_token = reply.body.refresh_token;
      count((await project.request("/user", { token })).status);
      const data = { round: statuses.size };
      count((await project.request("/user", { method: "PATCH", token, body: { data } })).status);
    }
  });
  for (let round = 0; round < 8; round += 1) {
    await engine.query("update miosa_auth.projects set release = 'older' where id = $1", [
      project.id,
    ]);
    const upgrades = await Promise.all([1, 2].map(() => upgradeProject(admin, project.id)));
    expect(upgrades).toContain(true);
  }
  isDone = true;
  await Promise.all(clients);

  expect([...statuses.keys()]).toEqual([200]);
  expect(statuses.get(200)).toBeGreaterThan(30);
});
