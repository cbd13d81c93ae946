import { expect, it } from "vitest";
import { suppressAddress } from "../../src/outbox/suppressions.ts";
import { startOidcProvider } from "../support/idp/oidc_provider.ts";
import { countingDeadlocks, untilWaiting } from "../support/locks.ts";
import { mailedProved, redeemLink } from "../support/mailed.ts";
import { createProviderProject, oidcRow, openProviderService, verified } from "../support/oauth.ts";

it("a provider's word and a mailed link prove an address that bounced, at once and without a deadlock (case 146)", async () => {
  const idp = await startOidcProvider();
  const auth = await openProviderService();
  const project = await createProviderProject([oidcRow(idp)]);
  await project.sql("update settings set mail_interval = 0");
  const { engine, admin } = project.service;
  if (engine.kind !== "postgres") throw new Error("PGlite has one connection");
  const mail = await mailedProved(project, "magiclink");
  await suppressAddress(admin, project.id, mail.email, "bounce");
  const deadlocks = countingDeadlocks(project);

  const blocker = await engine.connect("postgres");
  await blocker.query("begin; select from miosa_auth.suppressed_addresses for update");
  const id_token = await idp.idToken(verified(mail.email));
  const brought = project.post(
    "/token?grant_type=id_token",
    { provider: "oidc", id_token },
    { auth },
  );
  await untilWaiting(project, 1);
  const redeemed = redeemLink(project, mail);
  await untilWaiting(project, 2);
  await blocker.query("commit");

  expect([(await brought).status, (await redeemed).status]).toEqual([200, 200]);
  expect(deadlocks()).toBe(0);
  await Promise.all([blocker.end(), auth.close(), idp.close()]);
});
