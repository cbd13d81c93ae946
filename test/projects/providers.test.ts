import { generateKeyPairSync } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { projectDirectory } from "../../src/projects/directory.ts";
import {
  listProviders,
  type NewProvider,
  openProvider,
  removeProvider,
  setProvider,
} from "../../src/projects/providers.ts";
import { generateMasterKey, parseKeyring } from "../../src/projects/secrets.ts";
import { createTestProject, type TestProject } from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await createTestProject();
});

const secret = "GOCSPX-a secret of the client";
const oidc = {
  name: "acme",
  kind: "oidc",
  clientId: "the-client",
  clientSecret: secret,
  issuer: "https://login.acme.example/",
};

function set(provider: NewProvider) {
  const { service, id } = project;
  return setProvider(service.admin, id, provider, service.keyring);
}

describe("the providers of a project", () => {
  it("are kept with what an operator said, and their secret is never shown", async () => {
    const { service, id } = project;
    const added = await set({
      ...oidc,
      scopes: ["openid", "email"],
      options: { audiences: ["ios"], trust_email: true },
    });
    expect(added).toEqual({
      replaced: false,
      provider: {
        name: "acme",
        kind: "oidc",
        issuer: "https://login.acme.example/",
        client_id: "the-client",
        scopes: ["openid", "email"],
        options: { audiences: ["ios"], trust_email: true },
      },
    });
    expect(await listProviders(service.admin, id)).toEqual([added.provider]);
  });

  it("are sealed in the database, and open with the key of the fleet alone", async () => {
    const { service, id } = project;
    await set(oidc);
    const rows = await project.sql("select providers::text as row from providers");
    expect(JSON.stringify(rows)).not.toContain("GOCSPX");
    expect(JSON.stringify(rows)).not.toContain(Buffer.from(secret).toString("hex"));
    const opened = await openProvider(service.admin, id, "acme", service.keyring);
    expect(opened.clientSecret).toBe(secret);
    const other = parseKeyring(generateMasterKey());
    await expect(openProvider(service.admin, id, "acme", other)).rejects.toMatchObject({
      code: "validation_failed",
      message: `This MIOSA_AUTH_KEY does not open the client secret of acme of ${id}`,
    });
  });

  it("do not open in another project, wherever their row is moved", async () => {
    const other = await createTestProject();
    const { service } = project;
    await set(oidc);
    const [row] = await project.sql<{ sealed: string }>(
      "select encode(sealed, 'hex') as sealed from providers where name = 'acme'",
    );
    await other.sql(
      "insert into providers (name, kind, issuer, client_id, sealed) values ('acme', 'oidc', 'https://a.example', 'c', decode($1, 'hex'))",
      [row?.sealed],
    );
    await expect(
      openProvider(service.admin, other.id, "acme", service.keyring),
    ).rejects.toMatchObject({ code: "validation_failed" });
  });

  it("change under their name, keep their place, and go", async () => {
    const { service, id } = project;
    await set(oidc);
    await set({ ...oidc, name: "second" });
    const changed = await set({ ...oidc, clientId: "another" });
    expect(changed).toMatchObject({ replaced: true, provider: { client_id: "another" } });
    const names = (await listProviders(service.admin, id)).map(({ name }) => name);
    expect(names).toEqual(["acme", "second"]);
    expect(await removeProvider(service.admin, id, "second")).toBe(true);
    expect(await removeProvider(service.admin, id, "second")).toBe(false);
    expect(await listProviders(service.admin, id)).toHaveLength(1);
  });

  it("are told to running servers when they next look", async () => {
    const { service, id } = project;
    const directory = projectDirectory({
      databases: [service.runtime],
      keyring: service.keyring,
      ttl: 50,
    });
    await set({ ...oidc, name: "late" });
    const names = async () => (await directory.find(id)).configuration.providers.map((p) => p.name);
    expect(await names()).toContain("late");
    await removeProvider(service.admin, id, "late");
    await sleep(60);
    expect(await names()).not.toContain("late");
  });

  it("leave a line of who changed them in the audit log, without the client or its secret", async () => {
    await set({ ...oidc, name: "logged" });
    await removeProvider(project.service.admin, project.id, "logged");
    const lines = await project.sql<{ event: string; detail: object }>(
      "select event, detail from audit_log where detail ->> 'name' = 'logged' order by id",
    );
    expect(lines).toEqual([
      {
        event: "provider_changed",
        detail: { name: "logged", kind: "oidc", by: expect.any(String) },
      },
      { event: "provider_removed", detail: { name: "logged", by: expect.any(String) } },
    ]);
  });

  it("of kind oauth2 are issuers by where they ask for consent", async () => {
    const urls = {
      authorization_url: "https://id.forge.example/oauth/authorize",
      token_url: "https://id.forge.example/oauth/token",
      user_url: "https://api.forge.example/user",
    };
    const forge = { ...oidc, name: "forge", kind: "oauth2", options: urls };
    const { issuer: _, ...plain } = forge;
    // One host may serve several, each with a user 7.
    expect((await set(plain)).provider.issuer).toBe("https://id.forge.example/oauth/authorize");
    const below = { ...forge, issuer: "https://id.forge.example/oauth" };
    expect((await set(below)).provider.issuer).toBe("https://id.forge.example/oauth");
  });

  it("of Apple take a signing key as their secret", async () => {
    const pem = (namedCurve: string) =>
      generateKeyPairSync("ec", { namedCurve })
        .privateKey.export({ type: "pkcs8", format: "pem" })
        .toString();
    const apple = {
      kind: "apple",
      clientId: "example.app.web",
      clientSecret: pem("P-256"),
      options: { team_id: "ABCDE12345", key_id: "KLMNO67890" },
    };
    expect((await set(apple)).provider).toMatchObject({ name: "apple", issuer: null });
    for (const clientSecret of [pem("P-384"), "a text"]) {
      await expect(set({ ...apple, clientSecret })).rejects.toMatchObject({
        code: "validation_failed",
        message: expect.stringContaining(".p8"),
      });
    }
  });
});

describe("a provider that could not work, or would not be safe, is refused:", () => {
  const refused: [string, Partial<NewProvider>][] = [
    ["a name with capital letters", { name: "Acme" }],
    ["a name that SQL would read as more", { name: "a'; drop table users; --" }],
    ["the name of a sign-in without a provider", { name: "email" }],
    ["a kind that is no word", { kind: "OIDC" }],
    ["no issuer", { issuer: undefined }],
    ["an issuer by http", { issuer: "http://login.acme.example" }],
    ["an issuer with a user", { issuer: "https://user:pw@login.acme.example" }],
    ["an issuer with a fragment", { issuer: "https://login.acme.example/#a" }],
    ["an issuer with a query", { issuer: "https://login.acme.example/?a=b" }],
    ["an issuer that is no URL", { issuer: "login.acme.example" }],
    ["a host that only begins like the loopback's", { issuer: "http://127.0.0.1.evil.example" }],
    ["a name that only begins like the loopback's", { issuer: "http://localhost.evil.example" }],
    ["an empty client id", { clientId: "" }],
    ["a client id with a line break", { clientId: "a\r\nX: y" }],
    ["a secret with a NUL", { clientSecret: "a\0b" }],
    ["a scope of two words", { scopes: ["openid email"] }],
    ["an audience with a space", { options: { audiences: ["a b"] } }],
    ["an option of another kind", { options: { tenant: "consumers" } }],
    [
      "an endpoint of its own where discovery names it",
      { options: { token_url: "https://a.example" } },
    ],
    [
      "trust in the addresses of everybody's directory",
      { kind: "microsoft", issuer: undefined, options: { tenant: "common", trust_email: true } },
    ],
    [
      "a directory by its name",
      { kind: "microsoft", issuer: undefined, options: { tenant: "acme.onmicrosoft.com" } },
    ],
    [
      "a field with a quote",
      {
        kind: "oauth2",
        options: {
          authorization_url: "https://a.example",
          token_url: "https://a.example",
          user_url: "https://a.example",
          subject_field: 'a"b',
        },
      },
    ],
    ["an Apple provider without a team", { kind: "apple", issuer: undefined, options: {} }],
  ];
  it.each(refused)("%s", async (_name, change) => {
    const before = await listProviders(project.service.admin, project.id);
    await expect(set({ ...oidc, ...change } as NewProvider)).rejects.toMatchObject({
      code: "validation_failed",
    });
    expect(await listProviders(project.service.admin, project.id)).toEqual(before);
  });

  it.each(["http://localhost:9000", "http://127.0.0.1:9000/realm", "http://[::1]:9000"])(
    "but not a provider on this machine: %s",
    async (issuer) => {
      expect((await set({ ...oidc, issuer })).provider.issuer).toBe(issuer);
    },
  );
});
