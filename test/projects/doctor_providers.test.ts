import { expect, it } from "vitest";
import { examineDatabase } from "../../src/projects/doctor/doctor.ts";
import { setProvider } from "../../src/projects/providers.ts";
import { generateMasterKey, parseKeyring } from "../../src/projects/secrets.ts";
import { createTestProject } from "../support/project.ts";

it("doctor names a provider whose secret does not open under this key", async () => {
  const { service, id: projectId } = await createTestProject();
  const { admin, keyring } = service;
  const add = (name: string, ring = keyring) =>
    setProvider(
      admin,
      projectId,
      { name, kind: "google", clientId: "c", clientSecret: "needle" },
      ring,
    );
  const look = async () => {
    const findings = await examineDatabase(admin, { projectId, keyring });
    return findings.filter(({ check }) => check === "providers");
  };
  await add("fine");
  expect(await look()).toEqual([]);
  await add("sealed_elsewhere", parseKeyring(generateMasterKey()));
  const findings = await look();
  expect(findings).toEqual([
    {
      check: "providers",
      status: "fail",
      message: expect.stringContaining(`provider sealed_elsewhere of ${projectId} does not open`),
      remedy: expect.stringContaining(
        `miosa-auth provider add ${projectId} google --name sealed_elsewhere`,
      ),
    },
  ]);
  expect(JSON.stringify(findings)).not.toContain("needle");
});
