import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { deleteProject } from "../../src/projects/delete_project.ts";
import { resumeProject, suspendProject } from "../../src/projects/state.ts";
import {
  deliverFrom,
  emptyOutbox,
  queuedRows,
  queueMails,
  statesOf,
  type TestDelivery,
} from "../support/delivery.ts";
import { whileCollecting } from "../support/garbage.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";
import { openService, type TestService } from "../support/service.ts";
import { header, startSmtp, type TestSmtp } from "../support/smtp.ts";

let service: TestService;
let smtp: TestSmtp;
let project: TestProject;
const running: TestDelivery[] = [];

beforeAll(async () => {
  service = await openService();
  smtp = await startSmtp();
});
beforeEach(async () => {
  await emptyOutbox(service);
  smtp.mode = "accept";
  (smtp.mails as unknown[]).length = 0;
  project = await createTestProject();
});
afterAll(async () => {
  await Promise.all(running.map((delivery) => delivery.stop(0)));
  await smtp.close();
});

function deliver(...[options]: [Parameters<typeof deliverFrom>[2]?]): TestDelivery {
  const delivery = deliverFrom(service, smtp.url, options);
  running.push(delivery);
  return delivery;
}

/** Makes all that waits due. */
async function passTime(): Promise<void> {
  await service.engine.query("update miosa_auth.outbox set due_at = now() where state = 'queued'");
}

describe("delivery by SMTP", () => {
  it("sends to the stored address alone, from the operator's, and says that a machine wrote it", async () => {
    await queueMails(project, 1);
    await deliver().drain();
    const [mail] = smtp.mails;
    expect(smtp.mails).toHaveLength(1);
    expect(mail).toMatchObject({ from: "auth@shop.example", to: ["m1@example.com"] });
    const raw = mail?.raw ?? "";
    expect(header(raw, "From")).toBe("The Shop <auth@shop.example>");
    expect(header(raw, "To")).toBe("m1@example.com");
    expect(header(raw, "Auto-Submitted")).toBe("auto-generated");
    expect(header(raw, "Message-ID")).toMatch(/^<\d+\.[0-9a-f]{16}@shop\.example>$/);
  });

  it("goes to the stored address by RCPT TO, and to none that was typed (case 18)", async () => {
    const open = await createTestProject({ mail_interval: 0 });
    const email = freshEmail();
    await open.signUp({ email });
    const typed = [
      email.toUpperCase(),
      email.replace("@", "+x@"),
      email.replace("user", "u\u017fer"),
      `${email},other@example.com`,
    ];
    for (const address of typed) {
      for (const path of ["/recover", "/magiclink"]) {
        const { status } = await open.post(path, { email: address, create_user: false });
        expect([200, 400]).toContain(status);
      }
    }
    await deliver().drain();
    expect(smtp.mails.length).toBeGreaterThanOrEqual(2);
    expect(new Set(smtp.mails.map(({ to }) => to.join()))).toEqual(new Set([email]));
  });

  it("erases what the mail said as soon as it has left, and keeps where it went (case 183)", async () => {
    await queueMails(project, 1);
    await deliver().drain();
    expect(await queuedRows(project)).toEqual([
      expect.objectContaining({
        state: "sent",
        isErased: true,
        lease: null,
        recipient: "m1@example.com",
      }),
    ]);
  });

  it("tries a 4xx again, later each time, under the same Message-ID, until it is taken", async () => {
    await queueMails(project, 1);
    smtp.mode = "4xx";
    const delivery = deliver({ coolDown: { first: 0, most: 0 } });
    await delivery.drain();
    const [first] = await queuedRows(project);
    expect(first).toMatchObject({ state: "queued", attempts: 1, failure: "smtp 451", lease: null });
    expect(first?.wait).toBeGreaterThan(4);
    expect(first?.wait).toBeLessThan(15.1);
    await passTime();
    await delivery.drain();
    expect((await queuedRows(project))[0]?.wait).toBeGreaterThan(9);
    smtp.mode = "drop after DATA";
    await passTime();
    await delivery.drain();
    smtp.mode = "accept";
    await passTime();
    await delivery.drain();
    expect(await statesOf(project)).toEqual({ sent: 1 });
    const ids = smtp.mails.map(({ raw }) => header(raw, "Message-ID"));
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
  });

  it.each(["5xx", "5xx after DATA"] as const)(
    "parks a %s, with its code and no words",
    async (mode) => {
      await queueMails(project, 1);
      smtp.mode = mode;
      const delivery = deliver();
      await delivery.drain();
      const failure = mode === "5xx" ? "smtp 550" : "smtp 554";
      expect(await queuedRows(project)).toEqual([
        expect.objectContaining({ state: "parked", failure, isErased: false }),
      ]);
      expect(delivery.log.join("")).toContain(failure);
      expect(delivery.log.join("")).not.toMatch(/@|no, ada/);
    },
  );

  it("is not held up by servers that hang in their greeting or in DATA", async () => {
    for (const mode of ["hang in greeting", "hang in DATA"] as const) {
      await queueMails(project, 1);
      smtp.mode = mode;
      // On Node 20 a signal that nobody holds is collected, and its deadline never comes.
      await whileCollecting(deliver({ sendTimeout: 300 }).drain());
      const [row] = (await queuedRows(project)).slice(-1);
      expect([mode, row]).toEqual([
        mode,
        expect.objectContaining({ state: "queued", failure: "timeout", attempts: 1 }),
      ]);
    }
  });

  it("rests when a server stops answering in the middle of a mail, and lets others through", async () => {
    await queueMails(project, 20);
    smtp.mode = "hang in DATA";
    const delivery = deliver({
      concurrency: 1,
      sendTimeout: 300,
      coolDown: { first: 60_000, most: 60_000 },
    });
    await delivery.drain();
    const rows = await queuedRows(project);
    expect(rows.filter(({ attempts }) => attempts > 0)).toHaveLength(1);
  });

  it("rests while the server is away, tries with one mail, and spends no attempt of the others", async () => {
    await queueMails(project, 20);
    await smtp.halt();
    const delivery = deliver({ concurrency: 1, coolDown: { first: 60_000, most: 60_000 } });
    await delivery.drain();
    await smtp.resume();
    const rows = await queuedRows(project);
    expect(rows.filter(({ failure }) => failure === "connection")).toHaveLength(1);
    const others = rows.filter(({ failure }) => failure === "transport is down");
    expect(others).toHaveLength(19);
    expect(others.every(({ attempts }) => attempts === 0)).toBe(true);
  });

  it("parks poison and lets the others flow (case 179)", async () => {
    await queueMails(project, 8, { purpose: "recovery", payload: "00ff00ff" });
    await queueMails(project, 1, { purpose: "no_such_mail" });
    await queueMails(project, 20);
    await deliver().drain();
    expect(await statesOf(project)).toEqual({ parked: 9, sent: 20 });
    const failures = (await queuedRows(project)).map(({ failure }) => failure);
    expect(failures.filter((failure) => failure === "payload does not open")).toHaveLength(8);
    expect(failures.filter((failure) => failure === "unknown purpose")).toHaveLength(1);
  });

  it("gives up after 100 attempts, and on what is a week old", async () => {
    await queueMails(project, 2);
    const set = (text: string, recipient: string) =>
      service.engine.query(
        `update miosa_auth.outbox set ${text} where project_id = $1 and recipient = $2`,
        [project.id, recipient],
      );
    await set("attempts = 99", "m1@example.com");
    await set("queued_at = now() - interval '8 days'", "m2@example.com");
    smtp.mode = "4xx";
    await deliver().drain();
    expect(await queuedRows(project)).toEqual([
      expect.objectContaining({ state: "parked", attempts: 100, failure: "smtp 451" }),
      expect.objectContaining({ state: "parked", failure: "too old" }),
    ]);
  });
});

describe("which mail is delivered", () => {
  it("is never one whose transaction was rolled back (case 180)", async () => {
    const delivery = deliver();
    await expect(
      project.transaction(async (query) => {
        await query(
          `insert into miosa_auth.outbox (project_id, owner_role, purpose, recipient, payload)
           select id, owner_role, 'password_changed', 'undone@example.com', ''
           from miosa_auth.projects where id = $1`,
          [project.id],
        );
        throw new Error("something later fails");
      }),
    ).rejects.toThrow("something later fails");
    await delivery.drain();
    expect(smtp.mails).toEqual([]);
  });

  it("is none of a sign-up that fails when all is written (case 180)", async () => {
    const email = freshEmail();
    const body = { email, password: goodPassword };
    await project.sql(`create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'no' using errcode = 'check_violation'; end $$`);
    await project.sql(`create constraint trigger refuse after insert on users
      deferrable initially deferred for each row execute function refuse()`);
    expect((await project.post("/signup", body)).status).toBeGreaterThanOrEqual(400);
    expect(await queuedRows(project)).toEqual([]);
    await project.sql("drop trigger refuse on users");
    expect((await project.post("/signup", body)).status).toBe(200);
    expect(await queuedRows(project)).toHaveLength(1);
  });

  it("is none that stands for an unknown address", async () => {
    await queueMails(project, 5, { purpose: "none" });
    await deliver().drain();
    expect(smtp.mails).toEqual([]);
    expect(await statesOf(project)).toEqual({ queued: 5 });
  });

  it("waits while its project is suspended, and leaves when it is resumed", async () => {
    await queueMails(project, 2);
    await suspendProject(service.admin, project.id);
    const delivery = deliver();
    await delivery.drain();
    expect(smtp.mails).toEqual([]);
    expect((await queuedRows(project)).map(({ attempts }) => attempts)).toEqual([0, 0]);
    await resumeProject(service.admin, project.id);
    await delivery.drain();
    expect(await statesOf(project)).toEqual({ sent: 2 });
  });

  it("goes with its project when that is deleted", async () => {
    await queueMails(project, 2);
    await deleteProject(service.admin, project.id);
    await deliver().drain();
    expect(smtp.mails).toEqual([]);
    expect(await queuedRows(project)).toEqual([]);
  });

  it("waits where nothing is configured, without counting attempts", async () => {
    await queueMails(project, 1);
    const delivery = deliverFrom(service, null);
    running.push(delivery);
    await delivery.drain();
    expect(await queuedRows(project)).toEqual([
      expect.objectContaining({ state: "queued", attempts: 0, failure: "no transport" }),
    ]);
  });
});

describe("delivery that is stopped", () => {
  it("finishes what is under way, begins nothing, and holds no lease", async () => {
    await queueMails(project, 30);
    const delivery = deliver({ pollInterval: 20 });
    while (smtp.mails.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    await delivery.stop();
    const sent = smtp.mails.length;
    const rows = await queuedRows(project);
    expect(rows.filter(({ lease }) => lease !== null)).toEqual([]);
    expect(rows.filter(({ state }) => state === "sent")).toHaveLength(sent);
    expect(rows.filter(({ state, attempts }) => state === "queued" && attempts > 0)).toEqual([]);
  });

  it("gives up what takes longer than it has", async () => {
    await queueMails(project, 1);
    smtp.mode = "hang in DATA";
    const delivery = deliver({ pollInterval: 20 });
    while (smtp.connections() === 0 || (await queuedRows(project))[0]?.lease === null) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await delivery.stop(100);
    expect(await queuedRows(project)).toEqual([
      expect.objectContaining({ state: "queued", lease: null }),
    ]);
  });
});
