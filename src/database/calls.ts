import type { Argument, FunctionCall } from "./database.ts";
import { quoteIdentifier } from "./identifiers.ts";
import { ownName } from "./own_names.ts";

/**
 * The statement of a call; its value comes back in the column `value`. Nothing in it is looked up by the
 * session's path: what an application's function left there must not choose what a type means.
 */
export function callStatement({ schema, name, args, isScalar }: FunctionCall): string {
  const list = args.map((argument, index) => `$${index + 1}::${qualified(argument)}`).join(", ");
  const call = `${quoteIdentifier(schema)}.${quoteIdentifier(ownName(schema, name))}(${list})`;
  return `select ${isScalar ? `pg_catalog.to_jsonb(${call})` : call} as value`;
}

// The others are words of the grammar, which no path concerns.
const namedTypes = new Set(["text", "uuid", "jsonb", "bytea", "inet"]);

function qualified({ type }: Argument): string {
  return namedTypes.has(type) ? `pg_catalog.${type}` : type;
}

/** The values of a call, in the order of its statement's parameters. */
export function callValues({ args }: FunctionCall): unknown[] {
  return args.map((argument) => argument.value);
}
