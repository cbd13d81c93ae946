import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Logger } from "pino";
import type { Client } from "../database/functions.ts";
import type { AuthErrorCode } from "../errors.ts";
import type { MailboxTransport } from "../mail/transports/mailbox.ts";
import type { Remote } from "../oauth/remote.ts";
import type { Hasher, PasswordHasher } from "../passwords/hasher.ts";
import type { BreachCheck, PasswordPolicy } from "../passwords/sign_up.ts";
import type { Directory, ServableProject } from "../projects/directory.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { TokenIssuer } from "../tokens/session_reply.ts";
import type { ClientAddressReader } from "./client_address.ts";
import type { SignupGate } from "./signup_gate.ts";

/** What every request is served with. */
export interface Service {
  readonly directory: Directory;
  readonly hasher: Hasher;
  readonly signupGate: SignupGate;
  /** The origin and path under which projects are reached from outside, without a slash at the end. */
  readonly publicUrl: string;
  readonly allowsLoopbackOrigins: boolean;
  readonly clientAddress: ClientAddressReader;
  /** Whether a new password stands in a leak, for projects that ask. */
  readonly isBreached: BreachCheck;
  /** How providers are asked. */
  readonly remote: Remote;
  readonly logger: Logger;
  /** Where requests are counted, if anywhere. */
  readonly metrics?: Pick<Metrics, "requestAnswered">;
  /** Mail that was kept instead of sent, to look at; in development alone. */
  readonly mailbox?: DevelopmentMailbox;
  /** A request may have queued mail: whoever delivers need not wait for its next look. */
  mailQueued(): void;
  /** Rejects while a database does not answer. */
  checkReadiness(): Promise<void>;
}

/** What the page `/_dev/mail` shows. */
export interface DevelopmentMailbox {
  readonly transport: MailboxTransport;
  /** Empties the outbox into it first. */
  deliverMail(): Promise<void>;
}

/** A project as a request sees it, fixed once at its start. */
export interface RequestProject extends ServableProject {
  readonly issuer: TokenIssuer;
  readonly hasher: PasswordHasher;
  readonly passwordPolicy: PasswordPolicy;
}

/** What a server may pass along with a request: the peer's address, and whether it is still there. */
export interface Bindings {
  readonly incoming?: {
    readonly socket: {
      readonly remoteAddress?: string | undefined;
      readonly destroyed?: boolean;
      readonly writableEnded?: boolean;
    };
  };
}

/** A way to sign in, as it is counted. */
export type SignInBy = "password" | "mail" | "provider" | "id_token" | "anonymous";

export interface HttpEnv {
  Bindings: Bindings;
  Variables: {
    service: Service;
    requestId: string;
    project: RequestProject;
    client: Client;
    /** Why the request was refused. */
    refusalCode?: AuthErrorCode;
    /** How somebody tries to sign in by it, if so. */
    signIn?: SignInBy | undefined;
  };
}

export type HttpContext = Context<HttpEnv>;

/** Where routes are registered; what is registered is documented. */
export type App = OpenAPIHono<HttpEnv>;
