import { randomUUID } from "node:crypto";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createTransport } from "nodemailer";
import { closedToContent, mimeMessage } from "./mime.ts";
import { MailRefused, type MailTransport } from "./transport.ts";

/**
 * Writes each mail into a folder as `<id>.eml`, readable by this user alone. A mail that is tried again
 * replaces itself.
 */
export function fileTransport(folder: string): MailTransport {
  const composer = createTransport({ streamTransport: true, buffer: true, ...closedToContent });
  return {
    async send(mail) {
      const { message } = await composer.sendMail(mimeMessage(mail));
      const unfinished = join(folder, `.${randomUUID()}`);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(unfinished, message as Buffer, { mode: 0o600 });
        await rename(unfinished, join(folder, `${mail.id}.eml`));
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        const remedy = `mail cannot be written to ${folder}`;
        throw new MailRefused({ failure: `file ${code}`, isTransportDown: true, remedy });
      }
    },
    async close() {},
  };
}
