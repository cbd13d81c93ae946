import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium } from "playwright-core";

/** Debian's; nothing is downloaded. */
export const chromiumFile = "/usr/bin/chromium";

export function hasChromium(): boolean {
  return existsSync(chromiumFile);
}

export interface Browser {
  /** One person's windows: no cookies, no storage of others. */
  person(options?: Parameters<typeof chromium.launchPersistentContext>[1]): Promise<BrowserContext>;
  close(): Promise<void>;
}

/** A real browser with a fresh profile, which is gone afterwards. */
export async function openChromium(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), "miosa-chromium-"));
  const main = await chromium.launchPersistentContext(profile, {
    executablePath: chromiumFile,
    headless: true,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const browser = main.browser();
  return {
    person: async (options) => {
      if (!browser) throw new Error("Chromium has no browser to open another window in");
      return browser.newContext(options);
    },
    async close() {
      await main.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
