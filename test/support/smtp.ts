import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** What becomes of a mail. */
export type SmtpMode =
  | "accept"
  /** 451 to RCPT TO. */
  | "4xx"
  /** 550 to RCPT TO. */
  | "5xx"
  /** 554 after DATA. */
  | "5xx after DATA"
  /** No greeting. */
  | "hang in greeting"
  /** No answer to the end of DATA. */
  | "hang in DATA"
  /** Taken and kept, and the link breaks before the answer. */
  | "drop after DATA"
  /** Taken and kept, without an answer. */
  | "hang after DATA"
  /** Taken and kept, with the answer a second later. */
  | "slow after DATA";

export interface ReceivedMail {
  readonly from: string;
  /** RCPT TO, in order. */
  readonly to: readonly string[];
  readonly raw: string;
  readonly isSecure: boolean;
}

/** An SMTP server on the loopback interface. */
export interface TestSmtp {
  readonly port: number;
  /** Without TLS. */
  readonly url: string;
  mode: SmtpMode;
  /** What was taken, in the order of its coming. */
  readonly mails: readonly ReceivedMail[];
  readonly connections: () => number;
  /** Stops to listen, and breaks what is open. */
  halt(): Promise<void>;
  /** Listens again, on the same port. */
  resume(): Promise<void>;
  close(): Promise<void>;
}

export async function startSmtp(options: SMTPServerOptions = {}): Promise<TestSmtp> {
  const mails: ReceivedMail[] = [];
  let mode: SmtpMode = "accept";
  let connections = 0;
  const sockets = new Set<Socket>();
  const refusal = (code: number) =>
    Object.assign(new Error("no, ada@example.com"), { responseCode: code });

  const make = () => {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: [...(options.onAuth ? [] : ["AUTH"]), ...(options.key ? [] : ["STARTTLS"])],
      disableReverseLookup: true,
      closeTimeout: 100,
      onConnect(_session, done) {
        connections += 1;
        if (mode !== "hang in greeting") done();
      },
      onRcptTo(_address, _session, done) {
        done(mode === "4xx" ? refusal(451) : mode === "5xx" ? refusal(550) : null);
      },
      onData(stream, session, done) {
        text(stream).then((raw) => {
          if (mode === "5xx after DATA") return done(refusal(554));
          if (mode === "hang in DATA") return undefined;
          const { mailFrom, rcptTo } = session.envelope;
          mails.push({
            from: mailFrom ? mailFrom.address : "",
            to: rcptTo.map(({ address }) => address),
            raw,
            isSecure: session.secure,
          });
          if (mode === "hang after DATA") return undefined;
          if (mode === "slow after DATA") return setTimeout(done, 1_000);
          if (mode !== "drop after DATA") return done();
          for (const socket of sockets) socket.destroy();
          return undefined;
        }, done);
      },
      ...options,
    });
    server.on("error", () => {});
    server.server.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    });
    return server;
  };
  let server = make();
  const listen = async (port: number) => {
    const listening = server.listen(port, "127.0.0.1") as Server;
    if (!listening.listening) await once(listening, "listening");
    return (listening.address() as AddressInfo).port;
  };
  const port = await listen(0);
  const halt = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  return {
    port,
    url: `smtp://127.0.0.1:${port}?tls=off`,
    get mode() {
      return mode;
    },
    set mode(next: SmtpMode) {
      mode = next;
    },
    mails,
    connections: () => connections,
    halt,
    async resume() {
      server = make();
      await listen(port);
    },
    close: halt,
  };
}

/** A header of a raw mail, unfolded; undefined where it is not there. */
export function header(raw: string, name: string): string | undefined {
  const head = raw.split("\r\n\r\n", 1)[0]?.replaceAll(/\r\n[ \t]/g, " ") ?? "";
  const line = head
    .split("\r\n")
    .find((each) => each.toLowerCase().startsWith(`${name.toLowerCase()}:`));
  return line?.slice(name.length + 1).trim();
}
