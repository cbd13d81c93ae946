/** For application servers: verify a token, and run queries as its user. */
export { AuthError } from "../errors.ts";
export {
  type Identity,
  type IdentityOptions,
  type IdentityStatement,
  identityStatement,
} from "./identity.ts";
export {
  type TokenClaims,
  type VerificationKey,
  type VerifiedToken,
  type VerifyOptions,
  verifyToken,
} from "./verify_token.ts";
export {
  type EmbeddedLike,
  type EmbeddedTransactionLike,
  type PoolClientLike,
  type PoolLike,
  withUser,
} from "./with_user.ts";
