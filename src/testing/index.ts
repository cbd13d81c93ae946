/** For test authors: a whole auth service in-process. */
export type { TestMail, TestMailbox } from "./mailbox.ts";
export {
  createTestAuth,
  type TestAuth,
  type TestAuthOptions,
  type TestQuery,
} from "./test_auth.ts";
