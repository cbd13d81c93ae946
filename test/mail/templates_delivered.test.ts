import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { mailboxSender, mailboxTransport } from "../../src/mail/transports/mailbox.ts";
import { setMailTemplates } from "../../src/projects/mail_templates.ts";
import { deliverFrom, emptyOutbox, type TestDelivery } from "../support/delivery.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

let project: TestProject;
const running: TestDelivery[] = [];

const own = {
  purpose: "signup",
  language: "en",
  subject: "Welcome {{ user_metadata.name }}",
  html: '<p title="{{ user_metadata.name }}">{{ user_metadata.name }}</p><a href="{{ link }}">on</a>',
  text: "{{ user_metadata.name }}\n{{ link }}\n{{ code }}",
} as const;

beforeEach(async () => {
  project = await createTestProject({ email_confirmation: "required", name: "Shop" });
  await emptyOutbox(project.service);
});

afterAll(async () => {
  await Promise.all(running.map((delivery) => delivery.stop(0)));
});

/** Signs somebody up and delivers; gives the mail, and what was logged. */
async function mailTo(data: object, options: Parameters<typeof deliverFrom>[2] = {}) {
  const email = freshEmail();
  const body = { email, password: goodPassword, data };
  expect(await project.post("/signup", body)).toMatchObject({ status: 200 });
  const mailbox = mailboxTransport();
  const delivery = deliverFrom(project.service, mailboxSender(mailbox), options);
  running.push(delivery);
  await delivery.drain();
  const [mail, ...more] = mailbox.mails();
  expect(more).toEqual([]);
  return { mail: mail ?? expect.fail(delivery.log.join("")), email, log: delivery.log.join("") };
}

describe("a mail that leaves", () => {
  it("shows a stranger's name as text that cannot be clicked (case 182)", async () => {
    await setMailTemplates(project.service.admin, project.id, [own]);
    const name = "<a href='https://evil.example'>{{ 7 | times: 7 }} www.evil.example</a>\r\nBcc: x";
    const { mail } = await mailTo({ name });
    const shown =
      "<a href='https: //evil. example'>{{ 7 | times: 7 }} www. evil. example</a> Bcc: x";
    expect(mail.subject).toBe(`Welcome ${shown}`);
    expect(mail.text.split("\n")[0]).toBe(shown);
    expect(mail.html.match(/<a /g)).toHaveLength(1);
    expect(mail.html).not.toMatch(/evil\.example|:\/\/evil/);
  });

  it("is in the language of its user, from the fleet's folder where the project has none", async () => {
    const folderTemplates = [{ ...own, subject: "Bienvenue", language: "fr", projectId: null }];
    const { mail } = await mailTo({ locale: "fr-CA" }, { folderTemplates });
    expect([mail.subject, mail.language]).toEqual(["Bienvenue", "fr"]);
    expect((await mailTo({ locale: "de-AT" }, { folderTemplates })).mail.subject).toBe(
      "Bestätigen Sie Ihre Adresse für Shop",
    );
  });

  it("has the built-in words where a stored template fails, and the log says so without a secret", async () => {
    await project.sql(
      "insert into mail_templates values ('signup', 'en', 'x', '{{ link | raw }}', '{{ link }}')",
    );
    const { mail, email, log } = await mailTo({ name: "Ada Lovelace" });
    expect(mail.subject).toBe("Confirm your address for Shop");
    expect(mail.link).toMatch(/\/verify\?token=/);
    expect(mail.text).toContain(mail.link);
    const told = log.split("\n").filter((line) => line.includes("cannot be rendered"));
    expect(told).toHaveLength(1);
    expect(JSON.parse(told[0] ?? "")).toMatchObject({
      level: 50,
      projectId: project.id,
      purpose: "signup",
      source: "project",
      reason: expect.stringContaining("undefined filter: raw"),
    });
    for (const secret of [mail.link, mail.code, email, "Ada Lovelace"]) {
      expect(log).not.toContain(secret);
    }
  });
});
