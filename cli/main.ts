#!/usr/bin/env node
import { CommanderError } from "commander";
import { wantsJson } from "./options.ts";
import { reportFailure } from "./output.ts";
import { createProgram } from "./program.ts";

const wrongUsage = 2;

try {
  await createProgram().parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : wrongUsage;
  } else {
    reportFailure(error, wantsJson());
    process.exitCode = 1;
  }
}
