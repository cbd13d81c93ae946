// Signs in at AUTH_URL, keeps the session for this tab, and shows what the clinic's API answers.
const authUrl = document.querySelector('meta[name="auth-url"]').content;
const $ = (id) => document.getElementById(id);
let session = JSON.parse(sessionStorage.getItem("session") ?? "null");
let refreshing;

const dayFormat = new Intl.DateTimeFormat("en-GB", { weekday: "short", timeZone: "UTC" });
const dateFormat = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});
const hourFormat = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  timeZone: "UTC",
});

function keep(next) {
  session = next;
  if (next) sessionStorage.setItem("session", JSON.stringify(next));
  else sessionStorage.removeItem("session");
}

// The codes are stable, the sentences are for developers.
const inOurWords = {
  invalid_credentials: "This e-mail and password do not go together.",
  user_already_exists: "You have an account already: sign in instead.",
  email_address_invalid: "That does not look like an e-mail address.",
};

async function auth(path, body, token) {
  const reply = await fetch(authUrl + path, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify(body ?? {}),
  });
  const text = await reply.text();
  const answer = text === "" ? {} : JSON.parse(text);
  if (!reply.ok)
    throw new Error(inOurWords[answer.error_code ?? answer.code] ?? answer.message ?? answer.msg);
  return answer;
}

/** Calls the clinic's API; a token that has run out is renewed once, by one call for all. */
async function api(path, options = {}, isRetry = false) {
  const reply = await fetch(`/api${path}`, {
    ...options,
    headers: {
      "Content-Type": "application/json",
      Authorization: `Bearer ${session?.access_token}`,
    },
  });
  if (reply.status === 401 && session && !isRetry) {
    refreshing ??= auth("/refresh", { refresh_token: session.refresh_token })
      .then(keep)
      .finally(() => {
        refreshing = undefined;
      });
    try {
      await refreshing;
    } catch {
      keep(null);
      await show();
      throw new Error("Your session has ended. Please sign in again.");
    }
    return api(path, options, true);
  }
  const answer = reply.status === 204 ? {} : await reply.json();
  if (!reply.ok) throw new Error(answer.message);
  return answer;
}

async function show() {
  say("");
  const me = session ? await api("/me") : undefined;
  if (me) {
    $("who-name").textContent = me.name;
    await (me.is_staff ? showAll() : Promise.all([showMine(), showHours()]));
  }
  $("who").hidden = !me;
  $("welcome").hidden = Boolean(me);
  $("patient").hidden = !me || me.is_staff;
  $("staff").hidden = !me?.is_staff;
}

async function showMine() {
  const { appointments } = await api("/appointments");
  $("mine-empty").hidden = appointments.length > 0;
  $("mine").replaceChildren(
    ...appointments.map(({ id, starts_at, reason }) => {
      const cancel = element("button", { type: "button", className: "quiet" }, "Cancel");
      cancel.setAttribute("aria-label", `Cancel ${when(starts_at)}`);
      cancel.addEventListener("click", async () => {
        cancel.disabled = true;
        await attempt("booking-error", () => api(`/appointments/${id}`, { method: "DELETE" }));
        await Promise.all([showMine(), showHours()]);
        say(`Cancelled: ${when(starts_at)}.`);
        $("main").focus();
      });
      return element(
        "li",
        {},
        element("time", { dateTime: starts_at }, when(starts_at)),
        element("p", {}, reason),
        cancel,
      );
    }),
  );
}

async function showHours() {
  const { hours } = await api("/hours");
  const days = Map.groupBy
    ? Map.groupBy(hours, (hour) => hour.slice(0, 10))
    : hours.reduce((map, hour) => {
        const day = hour.slice(0, 10);
        return map.set(day, [...(map.get(day) ?? []), hour]);
      }, new Map());
  const choose = (day) =>
    $("hours").replaceChildren(
      ...days
        .get(day)
        .map((hour, index) => choice("hour", hour, index === 0, hourFormat.format(new Date(hour)))),
    );
  $("days").replaceChildren(
    ...[...days.keys()].map((day, index) => {
      const date = new Date(`${day}T00:00:00Z`);
      const label = choice(
        "day",
        day,
        index === 0,
        element("small", {}, dayFormat.format(date)),
        dateFormat.format(date),
      );
      label.addEventListener("change", () => choose(day));
      return label;
    }),
  );
  choose(days.keys().next().value);
}

async function showAll() {
  const { appointments } = await api("/staff/appointments");
  $("all-empty").hidden = appointments.length > 0;
  $("all").replaceChildren(
    ...appointments.map(({ starts_at, patient_name, reason }) =>
      element(
        "tr",
        {},
        element("td", {}, element("time", { dateTime: starts_at }, when(starts_at))),
        element("td", {}, patient_name),
        element("td", {}, reason),
      ),
    ),
  );
}

for (const radio of document.querySelectorAll('[name="mode"]')) {
  radio.addEventListener("change", () => {
    const isNew = radio.value === "signup";
    $("name-field").hidden = !isNew;
    $("password-hint").hidden = !isNew;
    $("password").autocomplete = isNew ? "new-password" : "current-password";
    $("submit").textContent = isNew ? "Create account" : "Sign in";
    $("credentials-error").hidden = true;
  });
}

submit("credentials", async (form) => {
  const { mode, name, email, password } = form;
  const body = mode === "signup" ? { email, password, data: { name } } : { email, password };
  keep(await auth(`/${mode}`, body));
  $("credentials").reset();
  await show();
  $("main").focus();
});

submit("booking", async ({ hour, reason }) => {
  if (!hour) throw new Error("Choose an hour.");
  await api("/appointments", { method: "POST", body: JSON.stringify({ starts_at: hour, reason }) });
  $("reason").value = "";
  await Promise.all([showMine(), showHours()]);
  say(`Booked: ${when(hour)}. See you then.`);
});

$("sign-out").addEventListener("click", async () => {
  const token = session?.access_token;
  keep(null);
  await show();
  try {
    await auth("/logout", {}, token);
    say("You are signed out.");
  } catch {
    // The tokens are gone from this page, but whoever has a copy could go on using them.
    say("You are signed out on this page only: the server could not be told.");
  }
});

function submit(id, work) {
  $(id).addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = $(id).querySelector("[type=submit]");
    button.disabled = true;
    await attempt(`${id}-error`, () => work(Object.fromEntries(new FormData($(id)))));
    button.disabled = false;
  });
}

async function attempt(errorId, work) {
  $(errorId).hidden = true;
  try {
    await work();
  } catch (error) {
    $(errorId).textContent = error.message || "That did not work. Please try again.";
    $(errorId).hidden = false;
  }
}

function say(text) {
  $("notice").textContent = text;
  $("notice").hidden = text === "";
}

function when(iso) {
  const date = new Date(iso);
  return `${dayFormat.format(date)} ${dateFormat.format(date)}, ${hourFormat.format(date)}`;
}

function choice(name, value, checked, ...content) {
  const input = element("input", { type: "radio", name, value, checked });
  return element("label", {}, input, element("span", {}, ...content));
}

function element(tag, properties, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

show().catch((error) => say(error.message));
