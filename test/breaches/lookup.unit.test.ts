import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type BreachOutcome, openBreaches } from "../../src/breaches/lookup.ts";
import {
  listing,
  type RangeAnswer,
  type RangeServer,
  sha1,
  startRangeServer,
} from "../support/range_server.ts";

const leaked = "a phrase that leaked";
const padded = "a phrase of the padding";
const fine = "a phrase of nobody else";

describe("the look-up of leaked passwords", () => {
  let range: RangeServer;
  beforeEach(async () => {
    range = await startRangeServer(listing({ [leaked]: 3, [padded]: 0 }));
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await range.close();
  });

  function open(url = range.url) {
    const outcomes: BreachOutcome[] = [];
    const lines: string[] = [];
    const logger = pino({}, { write: (line) => lines.push(line) });
    const looked = (outcome: BreachOutcome) => outcomes.push(outcome);
    return { isBreached: openBreaches({ url, logger, looked }), outcomes, lines };
  }

  it("finds what is listed, and not what only pads or is not there (case 202)", async () => {
    const { isBreached, outcomes } = open();
    expect(await isBreached(leaked)).toBe(true);
    expect(await isBreached(padded)).toBe(false);
    expect(await isBreached(fine)).toBe(false);
    expect(outcomes).toEqual(["hit", "clean", "clean"]);
  });

  it("tells five digits and asks for padding (case 202)", async () => {
    await open().isBreached(leaked);
    expect(range.asked).toEqual([{ path: `/range/${sha1(leaked).slice(0, 5)}`, padding: "true" }]);
  });

  it("asks once for all who choose the same, and not again for a while (case 202)", async () => {
    const { isBreached } = open();
    const found = await Promise.all(Array.from({ length: 20 }, () => isBreached(leaked)));
    expect(found).toEqual(Array.from({ length: 20 }, () => true));
    expect(await isBreached(leaked)).toBe(true);
    expect(range.asked).toHaveLength(1);
    const later = performance.now() + 601_000;
    vi.spyOn(performance, "now").mockImplementation(() => later);
    await vi.waitFor(async () => {
      expect(await isBreached(leaked)).toBe(true);
      expect(range.asked).toHaveLength(2);
    });
  });

  const failures: [string, RangeAnswer][] = [
    ["answers 500", (response) => response.writeHead(500).end()],
    ["answers 429", (response) => response.writeHead(429).end()],
    ["leads elsewhere", (response) => response.writeHead(302, { Location: range.url }).end()],
    ["hangs up", (response) => response.destroy()],
    ["never answers", () => {}],
    ["stops half-way", (response) => response.write(`${"0".repeat(35)}:7\r\n`)],
    ["answers without end", (response) => response.end(`${"0".repeat(35)}:7\r\n`.repeat(20_000))],
    ["answers a page", (response) => response.end("<!doctype html>")],
    ["answers nothing", (response) => response.end()],
    ["answers a count that is none", (response) => response.end(`${sha1(leaked).slice(5)}:many`)],
  ];
  it.each(failures)("lets pass where the service %s, and rests (case 202)", async (_, answer) => {
    range.answer = answer;
    const { isBreached, outcomes, lines } = open();
    const secrets = [leaked, sha1(leaked), sha1(leaked).slice(0, 5), sha1(leaked).slice(5)];
    expect(await isBreached(leaked)).toBe(false);
    range.answer = listing({ [leaked]: 3 });
    expect(await isBreached(leaked)).toBe(false);
    expect(await isBreached(fine)).toBe(false);
    expect(range.asked).toHaveLength(1);
    expect(outcomes).toEqual(["failed", "failed", "failed"]);
    expect(lines).toHaveLength(1);
    for (const secret of secrets)
      expect(lines.join("").toUpperCase()).not.toContain(secret.toUpperCase());

    const later = performance.now() + 5_001;
    vi.spyOn(performance, "now").mockImplementation(() => later);
    expect(await isBreached(leaked)).toBe(true);
  });

  it("lets pass while nobody listens, with one line for all who waited (case 202)", async () => {
    const { isBreached, outcomes, lines } = open();
    await range.close();
    await Promise.all([isBreached(leaked), isBreached(fine), isBreached(padded)]);
    expect(outcomes).toEqual(["failed", "failed", "failed"]);
    expect(lines).toHaveLength(1);
  });

  it("has no more than 50 questions open, and lets the others pass (case 202)", async () => {
    const held: (() => void)[] = [];
    range.answer = (response, request) => held.push(() => listing({})(response, request));
    const { isBreached, outcomes } = open();
    const all = Promise.all(Array.from({ length: 60 }, (_, n) => isBreached(`phrase ${n}`)));
    await vi.waitFor(() => expect([held.length, outcomes.length]).toEqual([50, 10]));
    for (const answer of held) answer();
    await all;
    expect(outcomes.filter((outcome) => outcome === "clean")).toHaveLength(50);
  });

  it.each([
    "http://ranges.example/range/",
    "ftp://localhost/",
    "https://user:secret@ranges.example/",
    "https://ranges.example/?of=",
    "ranges",
    "",
  ])("does not take %j for an address", (url) => {
    expect(() => openBreaches({ url })).toThrow("The address of breached passwords");
  });
});
