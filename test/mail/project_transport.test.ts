import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  readMailTransport,
  removeMailTransport,
  setMailTransport,
  shownTransport,
} from "../../src/outbox/transport.ts";
import { generateMasterKey, parseKeyring } from "../../src/projects/secrets.ts";
import { deliverFrom, emptyOutbox, queuedRows, queueMails, statesOf } from "../support/delivery.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { openService, type TestService } from "../support/service.ts";
import { header, startSmtp, type TestSmtp } from "../support/smtp.ts";

let service: TestService;
let fleet: TestSmtp;
let own: TestSmtp;
let project: TestProject;

beforeAll(async () => {
  service = await openService();
  fleet = await startSmtp();
  own = await startSmtp();
});
beforeEach(async () => {
  await emptyOutbox(service);
  for (const { mails } of [fleet, own]) (mails as unknown[]).length = 0;
  project = await createTestProject();
});
afterAll(() => Promise.all([fleet.close(), own.close()]));

const password = "a-needle-in-the-url";
const withPassword = () => `smtp://user:${password}@127.0.0.1:${own.port}?tls=off`;

describe("a project's own transport", () => {
  it("sends its mail, under its own name, and nobody else's", async () => {
    const other = await createTestProject();
    const settings = {
      url: own.url,
      from: "Mine <mail@mine.example>",
      replyTo: "help@mine.example",
    };
    await setMailTransport(service.admin, project.id, settings, service.keyring);
    await queueMails(project, 2);
    await queueMails(other, 3);
    const delivery = deliverFrom(service, fleet.url);
    await delivery.drain();
    await delivery.stop();
    expect([own.mails.length, fleet.mails.length]).toEqual([2, 3]);
    const raw = own.mails[0]?.raw ?? "";
    expect(header(raw, "From")).toBe("Mine <mail@mine.example>");
    expect(header(raw, "Reply-To")).toBe("help@mine.example");
    expect(header(raw, "Message-ID")).toMatch(/@mine\.example>$/);
  });

  it("wakes mail that had none, and gives way to the fleet's when it is removed", async () => {
    await queueMails(project, 1);
    const without = deliverFrom(service, null);
    await without.drain();
    expect((await queuedRows(project))[0]).toMatchObject({ failure: "no transport" });
    await setMailTransport(
      service.admin,
      project.id,
      { url: own.url, from: "a@mine.example" },
      service.keyring,
    );
    expect((await queuedRows(project))[0]?.wait).toBeLessThanOrEqual(0);
    const delivery = deliverFrom(service, fleet.url);
    await delivery.drain();
    expect(await removeMailTransport(service.admin, project.id)).toBe(true);
    expect(await removeMailTransport(service.admin, project.id)).toBe(false);
    await queueMails(project, 1);
    // Another process has not kept the settings of before.
    const later = deliverFrom(service, fleet.url);
    await later.drain();
    await Promise.all([without, delivery, later].map((each) => each.stop()));
    expect([own.mails.length, fleet.mails.length]).toEqual([1, 1]);
  });

  it("is sealed at rest, shown without its password, and opened by its key alone (case 183)", async () => {
    const secret = `whsec_${Buffer.alloc(32, 9).toString("base64")}`;
    const settings = { url: withPassword(), from: "a@mine.example", secret };
    const shown = await setMailTransport(service.admin, project.id, settings, service.keyring);
    expect(shown).toEqual(shownTransport(settings));
    expect(JSON.stringify(shown)).not.toMatch(new RegExp(`${password}|whsec`));
    expect(shown.has_secret).toBe(true);
    const [row] = await project.sql<{ text: string }>(
      "select encode(sealed, 'escape') as text from mail_transport",
    );
    expect(row?.text).not.toContain(password);
    expect(await readMailTransport(service.admin, project.id, service.keyring)).toEqual(settings);
    const otherKey = parseKeyring(generateMasterKey());
    await expect(readMailTransport(service.admin, project.id, otherKey)).rejects.toMatchObject({
      code: "validation_failed",
    });
  });

  it("that was moved from another project opens for nobody; its mail waits, and the log says why", async () => {
    const other = await createTestProject();
    await setMailTransport(
      service.admin,
      other.id,
      { url: withPassword(), from: "a@mine.example" },
      service.keyring,
    );
    const [row] = await other.sql<{ sealed: string }>(
      "select encode(sealed, 'hex') as sealed from mail_transport",
    );
    await project.sql("insert into mail_transport (sealed) values (decode($1, 'hex'))", [
      row?.sealed,
    ]);
    await queueMails(project, 1);
    const delivery = deliverFrom(service, fleet.url);
    await delivery.drain();
    await delivery.stop();
    expect([own.mails.length, fleet.mails.length]).toEqual([0, 0]);
    expect((await queuedRows(project))[0]).toMatchObject({
      state: "queued",
      attempts: 0,
      failure: "transport settings",
    });
    const log = delivery.log.join("");
    expect(log).toContain(`the mail transport of ${project.id} cannot be used`);
    expect(log).not.toContain(password);
  });

  it("is refused where it cannot work, before anything is stored", async () => {
    for (const settings of [
      { url: `smtp://u:${password}@mail.example?tls=off`, from: "a@mine.example" },
      { url: own.url, from: "not an address" },
      { url: "https://hook.example", from: "a@mine.example" },
    ]) {
      const refusal = setMailTransport(service.admin, project.id, settings, service.keyring);
      await expect(refusal).rejects.toMatchObject({ code: "validation_failed" });
      await expect(refusal).rejects.not.toThrow(password);
    }
    expect(await readMailTransport(service.admin, project.id, service.keyring)).toBe(null);
  });

  it("that hangs keeps no other project's mail", async () => {
    const other = await createTestProject();
    await setMailTransport(
      service.admin,
      project.id,
      { url: own.url, from: "a@mine.example" },
      service.keyring,
    );
    own.mode = "hang in greeting";
    await queueMails(project, 100);
    await queueMails(other, 20);
    const delivery = deliverFrom(service, fleet.url, {
      sendTimeout: 2_000,
      coolDown: { first: 60_000, most: 60_000 },
    });
    await delivery.drain();
    await delivery.stop(0);
    own.mode = "accept";
    expect(await statesOf(other)).toEqual({ sent: 20 });
    expect(own.mails).toEqual([]);
    const tried = (await queuedRows(project)).filter(({ attempts }) => attempts > 0);
    expect(tried.length).toBeLessThanOrEqual(5);
  });
});
