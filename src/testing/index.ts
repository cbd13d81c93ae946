/** For test authors: a whole auth service in-process. */
export {
  createTestAuth,
  type TestAuth,
  type TestAuthOptions,
  type TestQuery,
} from "./test_auth.ts";
