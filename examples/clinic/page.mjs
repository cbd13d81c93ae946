import { html } from "hono/html";

/** The one page. Scripts only fill in what the API answers. */
export function page({ authUrl }) {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="auth-url" content="${authUrl}" />
        <title>Linden Dental Clinic</title>
        <link rel="icon" href="/tooth.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/clinic.css" />
        <script type="module" src="/clinic.js"></script>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        <header class="bar">
          <a class="brand" href="/"><img src="/tooth.svg" alt="" width="28" height="28" />Linden Dental</a>
          <div class="who" id="who" hidden>
            <span id="who-name"></span>
            <button type="button" class="quiet" id="sign-out">Sign out</button>
          </div>
        </header>
        <main id="main" tabindex="-1">
          <p class="notice" id="notice" role="status" aria-live="polite" hidden></p>
          ${welcome()} ${patient()} ${staff()}
        </main>
        <footer><p>A made-up clinic. Times are UTC.</p></footer>
      </body>
    </html>`;
}

function welcome() {
  return html`<section class="welcome" id="welcome" hidden>
    <div class="pitch">
      <h1>A gentle dentist, booked in a minute.</h1>
      <p>Create an account, choose an hour, and come by. Only you and our staff see your visits.</p>
      <ul>
        <li>Monday to Friday, 9:00 to 16:00</li>
        <li>Cancel at any time before</li>
        <li>Lindenstraße 12, second floor</li>
      </ul>
    </div>
    <form class="card" id="credentials" novalidate>
      <fieldset class="switch">
        <legend class="hidden">What would you like to do?</legend>
        <label><input type="radio" name="mode" value="signup" checked /><span>New patient</span></label>
        <label><input type="radio" name="mode" value="token" /><span>Sign in</span></label>
      </fieldset>
      <div class="field" id="name-field">
        <label for="name">Your name</label>
        <input id="name" name="name" autocomplete="name" maxlength="100" />
      </div>
      <div class="field">
        <label for="email">E-mail</label>
        <input id="email" name="email" type="email" autocomplete="username" required />
      </div>
      <div class="field">
        <label for="password">Password</label>
        <input
          id="password"
          name="password"
          type="password"
          autocomplete="new-password"
          aria-describedby="password-hint"
          required
        />
        <p class="hint" id="password-hint">Eight characters or more; a few words do well.</p>
      </div>
      <p class="error" id="credentials-error" role="alert" hidden></p>
      <button type="submit" id="submit">Create account</button>
    </form>
  </section>`;
}

function patient() {
  return html`<section class="columns" id="patient" hidden>
    <section class="card" aria-labelledby="mine-title">
      <h2 id="mine-title">Your appointments</h2>
      <ul class="visits" id="mine"></ul>
      <p class="empty" id="mine-empty" hidden>Nothing booked yet. Choose an hour, and it shows up here.</p>
    </section>
    <form class="card" id="booking" aria-labelledby="booking-title" novalidate>
      <h2 id="booking-title">Book a visit</h2>
      <fieldset class="days">
        <legend>Day</legend>
        <div id="days"></div>
      </fieldset>
      <fieldset class="hours">
        <legend>Hour</legend>
        <div id="hours"></div>
      </fieldset>
      <div class="field">
        <label for="reason">What is it about?</label>
        <input id="reason" name="reason" maxlength="500" placeholder="Check-up, a chipped tooth, …" required />
      </div>
      <p class="error" id="booking-error" role="alert" hidden></p>
      <button type="submit">Book</button>
    </form>
  </section>`;
}

function staff() {
  return html`<section class="card wide" id="staff" aria-labelledby="staff-title" hidden>
    <h2 id="staff-title">Every appointment of the clinic</h2>
    <table>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Patient</th>
          <th scope="col">Reason</th>
        </tr>
      </thead>
      <tbody id="all"></tbody>
    </table>
    <p class="empty" id="all-empty" hidden>Nobody has booked yet.</p>
  </section>`;
}
