// The floors of the house: imports go down only.
//   cli, src/http  ->  capabilities, src/projects  ->  src/database  ->  src/admission
// src/errors.ts and src/deadline.ts are for all; src/index.ts, src/auth.ts, src/development and src/testing are the doors and see all.
const capabilities =
  "^src/(passwords|tokens|emails|mail|oauth|maintenance|mfa|passkeys|sso|projects|rls)/";
const doors = "^src/(index[.]ts|auth[.]ts|development/|testing/)";
// A type in a signature is how two capabilities may know each other.
const notTypes = { dependencyTypesNot: ["type-only"] };

/** @type {import("dependency-cruiser").IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: "no-cycles",
      comment: "Modules that need each other are one module.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphans",
      comment: "Nothing imports this file, and it imports nothing: remove it.",
      severity: "error",
      from: {
        orphan: true,
        pathNot: [doors, "^cli/main[.]ts$", "[.]d[.]ts$", "worker[.](ts|js)$"],
      },
      to: {},
    },
    {
      name: "no-unresolved",
      comment: "The import leads nowhere.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "no-undeclared-packages",
      comment: "What runs in production is in dependencies or optionalDependencies.",
      severity: "error",
      from: { path: "^(src|cli)/" },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "src-is-not-its-users",
      comment: "The service knows neither its command line nor its tests.",
      severity: "error",
      from: { path: "^(src|cli)/" },
      to: { path: "^(test|bench)/" },
    },
    {
      name: "nobody-imports-cli",
      comment: "The command line is the top floor.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "^cli/" },
    },
    {
      name: "nobody-below-imports-doors",
      comment: "The doors import the floors, not the other way.",
      severity: "error",
      from: { path: "^src/", pathNot: doors },
      to: { path: doors },
    },
    {
      name: "capabilities-know-no-http",
      comment: "Nobody but the command line and the doors imports the HTTP layer.",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/http/", doors] },
      to: { path: "^src/http/" },
    },
    {
      name: "capabilities-stand-alone",
      comment: "Capabilities and projects know each other by types only.",
      severity: "error",
      from: { path: capabilities },
      to: { path: capabilities, pathNot: "^src/$1/", ...notTypes },
    },
    {
      name: "database-is-the-ground",
      comment: "src/database imports no other floor, but the gate before its pool.",
      severity: "error",
      from: { path: "^src/database/" },
      to: { path: "^(src|cli)/", pathNot: ["^src/(database|admission)/", "^src/errors[.]ts$"] },
    },
    {
      name: "errors-stand-alone",
      comment: "All import src/errors.ts, so it imports nobody.",
      severity: "error",
      from: { path: "^src/errors[.]ts$" },
      to: { path: "^(src|cli)/" },
    },
    {
      name: "admission-stands-alone",
      comment: "src/admission knows parties and slots, and nothing of what they are.",
      severity: "error",
      from: { path: "^src/admission/" },
      to: { path: "^(src|cli)/", pathNot: "^src/admission/" },
    },
    {
      name: "drivers-stay-in-database",
      comment: "Only src/database talks to an engine.",
      severity: "error",
      from: { path: "^(src|cli)/", pathNot: "^src/database/" },
      to: {
        path: "node_modules/(@types/pg|pg|pg-[^/]+|@electric-sql/[^/]+|postgres-migrations)/",
      },
    },
    {
      name: "hono-stays-in-http",
      comment: "Only src/http knows the web framework.",
      severity: "error",
      from: { path: "^(src|cli)/", pathNot: "^src/http/" },
      to: { path: "node_modules/(hono|@hono/[^/]+)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types", "default"],
    },
  },
};
