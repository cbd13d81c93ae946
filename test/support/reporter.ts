import type { Reporter, TestModule } from "vitest/node";

export interface EngineInRun {
  /** The name of the vitest project. */
  readonly project: string;
  readonly name: string;
  /** Known before the run; tests that ran on the engine know better. */
  readonly version?: string;
  /** Why the engine has no project, when it has none. */
  readonly notRun?: string | undefined;
  /** A required engine that is not run counts as a failure. */
  readonly required?: boolean;
}

interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Ends the output with one line per engine and, last, `N passed, N failed`. A file that does not
 * load, a broken hook and an error outside of any test count as one failure each.
 */
export function closingReporter(engines: readonly EngineInRun[]): Reporter {
  return {
    onTestRunEnd(modules, unhandledErrors) {
      const total: Counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
      const lines: string[] = [];
      for (const engine of engines) {
        const own = modules.filter((module) => module.project.name === engine.project);
        const version = own.find((module) => module.meta().engineVersion)?.meta().engineVersion;
        const name = [engine.name, version ?? engine.version].filter(Boolean).join(" ");
        if (engine.notRun) {
          lines.push(`${name}: not run (${engine.notRun})`);
          if (!engine.required) continue;
          total.failed += 1;
          process.exitCode = 1;
        } else if (own.length > 0) {
          const counts = count(own);
          for (const key of ["passed", "failed", "skipped"] as const) total[key] += counts[key];
          lines.push(`${name}: ${sentence(counts, false)}`);
        }
      }
      process.stdout.write(`${[...lines, sentence(total, true)].join("\n")}\n`);
    },
  };
}

function count(modules: readonly TestModule[]): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0 };
  for (const module of modules) {
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state !== "pending") counts[state] += 1;
    }
    for (const suite of [module, ...module.children.allSuites()])
      if (suite.errors().length > 0) counts.failed += 1;
  }
  return counts;
}

function sentence({ passed, failed, skipped }: Counts, always: boolean): string {
  const parts = [`${passed} passed`];
  if (failed > 0 || always) parts.push(`${failed} failed`);
  if (skipped > 0) parts.push(`${skipped} skipped`);
  return parts.join(", ");
}
