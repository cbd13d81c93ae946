import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { activateNextSecret, publishNextSecret } from "../../src/projects/rotate_secret.ts";
import { changeSettings } from "../../src/projects/settings.ts";
import { openInstance } from "../support/instance.ts";
import { claimsOf, headerOf } from "../support/jwt.ts";
import { createTestProject } from "../support/project.ts";
import { openSession, rotate } from "../support/sessions.ts";

it("a new secret and other settings reach two servers under traffic, and no request is interrupted (case 195)", async () => {
  const project = await createTestProject();
  const { admin, keyring } = project.service;
  // Servers know the next secret by the time it signs, as the guide has it.
  await publishNextSecret(admin, project.id, { keyring });
  const [one, other] = [openInstance(project.service), openInstance(project.service)];
  const statuses = new Set<number>();
  let isStopping = false;
  const newest = ["", ""];
  const client = async (_: unknown, index: number) => {
    let { refreshToken } = await openSession(project);
    for (let round = index; !isStopping; round += 1) {
      const [{ auth }, { auth: elsewhere }] = round % 2 === 0 ? [one, other] : [other, one];
      const { access_token: token, refresh_token } = await rotate(project, refreshToken, { auth });
      // Where another server's secret may be news.
      statuses.add((await project.request("/user", { token, auth: elsewhere })).status);
      refreshToken = refresh_token;
      newest[round % 2] = token;
      await sleep(10);
    }
  };
  const traffic = Promise.all(Array.from({ length: 8 }, client));
  while (newest.includes("")) await Promise.race([sleep(10), traffic]);

  const before = headerOf(newest[0] ?? "").kid;
  await activateNextSecret(admin, project.id, { keyring });
  await changeSettings(admin, project.id, { access_token_lifetime: 600 });
  const isOld = (token: string) => {
    const { exp, iat } = claimsOf(token);
    return headerOf(token).kid === before || Number(exp) - Number(iat) !== 600;
  };
  while (newest.some(isOld)) await Promise.race([sleep(10), traffic]);
  isStopping = true;
  await traffic;
  await Promise.all([one.close(), other.close()]);
  expect([...statuses]).toEqual([200]);
});
