import { describe, expect, it } from "vitest";
import { newRefreshToken } from "../../src/tokens/refresh_token.ts";
import { type History, type Invocation, recordHistory } from "./history.ts";
import {
  type Delivered,
  type FinalState,
  foreignWords,
  mailViolations,
  violations,
} from "./invariants.ts";

const nothing: FinalState = {
  leaves: new Map(),
  users: new Map(),
  values: new Map(),
};
const live: FinalState = { ...nothing, leaves: new Map([["s", 1]]) };

const refresh = (given: string): Invocation => ({ kind: "refresh", subject: "s", given });
const logout: Invocation = { kind: "logout", subject: "s" };
const signup: Invocation = { kind: "signup", subject: "a@example.com" };
const login: Invocation = { kind: "login", subject: "a@example.com" };
const write = (given: string): Invocation => ({ kind: "write", subject: "k", given });

/** What the checker says of the history that `happened`. */
function found(happened: (history: History) => void, final: FinalState): string[] {
  const history = recordHistory();
  happened(history);
  return violations(history.operations(), final);
}

describe("the checker of histories is content with", () => {
  it("a rotation whose reply was lost and which was retried", () => {
    const happened = (history: History) => {
      history.invoke(refresh("1")).ok("2");
      history.invoke(refresh("2")).info();
      history.invoke(refresh("2")).ok("3");
    };
    expect(found(happened, live)).toEqual([]);
  });

  it("a refresh that began before the logout was acknowledged, and one that is refused after it", () => {
    const happened = (history: History) => {
      const racing = history.invoke(refresh("1"));
      history.invoke(logout).ok();
      racing.ok("2");
      history.invoke(refresh("2")).fail("session_not_found");
    };
    expect(found(happened, nothing)).toEqual([]);
  });

  it("a sign-up of unknown outcome that is refused when it is sent again", () => {
    const happened = (history: History) => {
      history.invoke(signup).info();
      history.invoke(signup).fail("user_already_exists");
      history.invoke(login).ok();
    };
    expect(found(happened, nothing)).toEqual([]);
  });

  it("a write of which nobody knows, whether it happened or not", () => {
    const happened = (history: History) => {
      history.invoke(write("1")).ok();
      history.invoke(write("2")).info();
      history.invoke(write("3"));
    };
    for (const value of ["1", "2", "3"])
      expect(found(happened, { ...nothing, values: new Map([["k", value]]) })).toEqual([]);
  });
});

describe("the checker of histories finds", () => {
  it.each<[string, (history: History) => void, FinalState]>([
    ["I1: the logout of s is lost", (history) => history.invoke(logout).ok(), live],
    ["I1: the sign-up of a@example.com is lost", (history) => history.invoke(signup).ok(), nothing],
    [
      "I1: the write of k is lost: 1, not 2",
      (history) => {
        history.invoke(write("1")).ok();
        history.invoke(write("2")).ok();
      },
      { ...nothing, values: new Map([["k", "1"]]) },
    ],
    [
      "I2: a token of s has 2 children",
      (history) => {
        history.invoke(refresh("1")).ok("2");
        history.invoke(refresh("1")).ok("3");
      },
      live,
    ],
    ["I2: s has 2 live leaves", () => {}, { ...nothing, leaves: new Map([["s", 2]]) }],
    [
      "I3: s was refreshed after its logout",
      (history) => {
        history.invoke(logout).ok();
        history.invoke(refresh("1")).ok("2");
      },
      nothing,
    ],
    [
      "I4: a@example.com has 2 users",
      () => {},
      { ...nothing, users: new Map([[signup.subject, 2]]) },
    ],
    [
      "I6: s was refused with refresh_token_already_used",
      (history) => {
        history.invoke(refresh("1")).fail("refresh_token_already_used");
        history.invoke(refresh("1")).ok("2");
      },
      live,
    ],
    [
      "I6: s was refused with session_not_found",
      (history) => {
        history.invoke(refresh("1")).fail("session_not_found");
        history.invoke(logout).ok();
      },
      nothing,
    ],
    [
      "I6: the sign-up of a@example.com was refused with user_already_exists",
      (history) => history.invoke(signup).fail("user_already_exists"),
      nothing,
    ],
    [
      "I6: the sign-up of a@example.com was refused with validation_failed",
      (history) => {
        history.invoke(signup).info();
        history.invoke(signup).fail("validation_failed");
      },
      nothing,
    ],
    [
      "I6: the login of a@example.com was refused with invalid_credentials",
      (history) => history.invoke(login).fail("invalid_credentials"),
      nothing,
    ],
    [
      "I6: the write of k was refused with bad_jwt",
      (history) => history.invoke(write("1")).fail("bad_jwt"),
      nothing,
    ],
    [
      "I6: the refresh of s was refused without a code",
      (history) => {
        history.invoke(logout).ok();
        history.invoke(refresh("1")).fail();
      },
      nothing,
    ],
    [
      "I6: the logout of s was refused with bad_jwt",
      (history) => history.invoke(logout).fail("bad_jwt"),
      live,
    ],
    ["I6: s never got through", (history) => history.invoke(refresh("1")).info(), live],
    ["I6: s was ended by nobody", (history) => history.invoke(refresh("1")).ok("2"), nothing],
  ])("%s", (sentence, happened, final) => {
    expect(found(happened, final)).toEqual([sentence]);
  });
});

describe("what the checker finds in answers", () => {
  const token = newRefreshToken();
  const belongings = new Map([
    ["ann@example.com", "shop"],
    ["5a0cd3ab-3f0f-4a55-b8a5-9c8e9a1f3b11", "shop"],
    [token.hash.toString("hex"), "shop"],
    ["shop", "shop"],
  ]);
  const inside = (claims: object) =>
    `e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.c2ln`;
  const answers = [
    ["an address", { user: { email: "ann@example.com" } }],
    ["an id", [{ id: "5a0cd3ab-3f0f-4a55-b8a5-9c8e9a1f3b11" }]],
    ["a refresh token", { refresh_token: token.text }],
    ["a claim of an access token", { access_token: inside({ iss: "https://auth.test/shop" }) }],
  ] as const;

  it.each(answers)("is %s of another project (I5)", (_, body) => {
    const text = JSON.stringify(body);
    expect(foreignWords([{ project: "clinic", text }], belongings)).toHaveLength(1);
  });

  it.each(answers)("is not %s of the same", (_, body) => {
    const text = JSON.stringify(body);
    expect(foreignWords([{ project: "shop", text }], belongings)).toEqual([]);
  });
});

describe("what the checker finds in mails (I7)", () => {
  const to = "a@example.com";
  const asked: Invocation = { kind: "mail", subject: to };
  const mail = (id: string, token: string): Delivered => ({ recipient: to, id, token });
  const requests = (...outcomes: ("ok" | "info" | "fail")[]) => {
    const history = recordHistory();
    for (const outcome of outcomes) history.invoke(asked)[outcome]();
    return history.operations();
  };
  const crash = { from: 1, until: 1, underWay: 1 };

  it("is nothing where each request brought its mail, and a crash another copy of it", () => {
    expect(mailViolations(requests("ok"), [mail("1", "t")], [])).toEqual([]);
    expect(mailViolations(requests("ok"), [mail("1", "t"), mail("1", "t")], [crash])).toEqual([]);
    const unknown = requests("info", "ok");
    for (const delivered of [[mail("2", "u")], [mail("1", "t"), mail("2", "u")]])
      expect(mailViolations(unknown, delivered, [])).toEqual([]);
  });

  it.each<[string, Delivered[]]>([
    [`I7: the mail to ${to} never came`, []],
    [`I7: a mail to ${to} came twice without a crash`, [mail("1", "t"), mail("1", "t")]],
    [`I7: ${to} got mails that nobody asked for`, [mail("1", "t"), mail("2", "u")]],
  ])("%s", (sentence, delivered) => {
    expect(mailViolations(requests("ok"), delivered, [])).toEqual([sentence]);
  });

  it.each<[string, Delivered[]]>([
    [`I7: a mail to ${to} has two tokens`, [mail("1", "t"), mail("1", "u")]],
    [`I7: a token of ${to} is in two mails`, [mail("1", "t"), mail("2", "t")]],
  ])("%s, whatever crashed", (sentence, delivered) => {
    expect(mailViolations(requests("ok", "ok"), delivered, [crash])).toEqual([sentence]);
  });

  it("a copy of which one came before the crash and none after it", () => {
    const copies = [mail("1", "t"), mail("1", "t"), mail("2", "u")];
    const late = { from: 2, until: 3, underWay: 2 };
    expect(mailViolations(requests("ok", "ok"), copies, [late])).toHaveLength(1);
  });

  it("more copies than were under way when a process died", () => {
    const mails = [mail("1", "t"), mail("2", "u")];
    const wide = { from: 2, until: 2, underWay: 1 };
    expect(mailViolations(requests("ok", "ok"), [...mails, ...mails], [wide])).toEqual([
      "I7: 2 mails came twice where 1 were under way",
    ]);
  });

  it("a request that was refused", () => {
    expect(violations(requests("fail"), nothing)).toHaveLength(1);
  });
});

describe("an operation", () => {
  it("ends once", () => {
    const pending = recordHistory().invoke(logout);
    pending.info();
    expect(() => pending.ok()).toThrow();
  });
});
