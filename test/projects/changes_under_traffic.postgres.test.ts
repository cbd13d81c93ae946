import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { activateNextSecret, publishNextSecret } from "../../src/projects/rotate_secret.ts";
import { changeSettings } from "../../src/projects/settings.ts";
import { claimsOf, headerOf } from "../support/jwt.ts";
import { createTestProject } from "../support/project.ts";
import { openSession, rotate } from "../support/sessions.ts";

it("a new secret and other settings reach a server under traffic, and no request is interrupted (case 195)", async () => {
  const project = await createTestProject();
  const { admin, keyring } = project.service;
  const statuses = new Set<number>();
  let isStopping = false;
  let newest = "";
  const client = async () => {
    let { refreshToken } = await openSession(project);
    while (!isStopping) {
      const { access_token: token, refresh_token } = await rotate(project, refreshToken);
      statuses.add((await project.request("/user", { token })).status);
      refreshToken = refresh_token;
      newest = token;
      await sleep(10);
    }
  };
  const traffic = Promise.all(Array.from({ length: 8 }, client));
  while (newest === "") await Promise.race([sleep(10), traffic]);

  const before = headerOf(newest).kid;
  await publishNextSecret(admin, project.id, { keyring });
  await activateNextSecret(admin, project.id, { keyring });
  await changeSettings(admin, project.id, { access_token_lifetime: 600 });
  const lifetime = () => Number(claimsOf(newest).exp) - Number(claimsOf(newest).iat);
  while (headerOf(newest).kid === before || lifetime() !== 600) {
    await Promise.race([sleep(10), traffic]);
  }
  isStopping = true;
  await traffic;
  expect([...statuses]).toEqual([200]);
});
