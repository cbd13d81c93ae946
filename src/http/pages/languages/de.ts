import type { PageWords } from "../words.ts";

const signIn = {
  title: "Anmelden",
  explanation: "Drücken Sie auf die Schaltfläche, um sich anzumelden.",
  submit: "Anmelden",
};

export const de: PageWords = {
  signIn: {
    title: "Anmelden",
    submit: "Anmelden",
    byMail: "Stattdessen einen Link schicken",
    forgot: "Passwort vergessen?",
    noAccount: "Noch kein Konto?",
    toSignUp: "Registrieren",
  },
  signUp: {
    title: "Konto eröffnen",
    submit: "Registrieren",
    hasAccount: "Haben Sie ein Konto?",
    toSignIn: "Anmelden",
  },
  forgotPassword: {
    title: "Passwort vergessen?",
    explanation:
      "Geben Sie Ihre Adresse ein. Sie erhalten eine E-Mail, mit der Sie ein neues Passwort wählen.",
    submit: "E-Mail schicken",
  },
  checkMail: {
    title: "Sehen Sie in Ihre E-Mail",
    sentTo: [
      "Eine E-Mail an ",
      " ist unterwegs, wenn diese Adresse hier verwendet werden kann. Öffnen Sie den Link darin.",
    ],
    orCode: "Oder geben Sie den Code ein, der darin steht.",
    orReset: "Oder geben Sie den Code ein, der darin steht, und ein neues Passwort.",
    submit: "Weiter",
    noMail: "Keine E-Mail? Sehen Sie im Spam-Ordner nach.",
    again: "Noch einmal anfordern",
  },
  resetPassword: {
    title: "Neues Passwort wählen",
    withCode: "Geben Sie den Code aus der E-Mail ein und ein neues Passwort.",
    submit: "Passwort speichern",
  },
  confirm: {
    signup: {
      title: "Adresse bestätigen",
      explanation: "Bestätigen Sie, dass diese Adresse Ihnen gehört.",
      submit: "Adresse bestätigen",
    },
    invite: {
      title: "Sie sind eingeladen",
      explanation: "Drücken Sie auf die Schaltfläche, um die Einladung anzunehmen.",
      submit: "Einladung annehmen",
    },
    magiclink: signIn,
    email: signIn,
    recovery: {
      title: "Neues Passwort wählen",
      explanation:
        "Drücken Sie auf die Schaltfläche, um zur Seite zu kommen, auf der Sie es wählen.",
      submit: "Weiter",
    },
    email_change: {
      title: "Neue Adresse bestätigen",
      explanation: "Bestätigen Sie, dass Ihr Konto die neue Adresse bekommt.",
      submit: "Änderung bestätigen",
    },
  },
  linkExpired: {
    title: "Dieser Link ist abgelaufen",
    explanation:
      "Ein Link gilt einmal und nicht lange. Wenn Sie noch einen brauchen, fordern Sie einen neuen an.",
    again: "Neuen Link anfordern",
  },
  done: {
    title: "Erledigt",
    signedIn: "Sie können diese Seite schließen und zur App zurückkehren.",
    passwordChanged:
      "Ihr neues Passwort ist gespeichert. Kehren Sie zur App zurück und melden Sie sich damit an.",
    confirmed: "Das ist bestätigt. Sie können diese Seite schließen und zur App zurückkehren.",
    halfDone:
      "Eine von zwei Adressen ist bestätigt. Öffnen Sie auch den Link in der E-Mail an die andere.",
    invited:
      "Die Einladung ist angenommen. Wählen Sie ein Passwort, um sich später anmelden zu können.",
    choosePassword: "Passwort wählen",
  },
  refused: {
    title: "Das ging nicht",
    prefix: "Fehler: ",
    crossSite:
      "Dieses Formular kann nur von dieser Seite selbst abgeschickt werden, über HTTPS und von einem Browser, der sagt, woher es kommt.",
    back: "Zurück zur Anmeldung",
  },
  provider: {
    or: "oder",
    continueWith: (name) => `Weiter mit ${name}`,
    denied: (name) => `${name} hat Sie nicht angemeldet, oder Sie haben dort abgelehnt.`,
    unusable: (name) =>
      `Die Antwort von ${name} ist nicht zu gebrauchen. Versuchen Sie es noch einmal.`,
    signInAndLink: (name) =>
      `Mit der Adresse, die ${name} von Ihnen hat, gibt es schon ein Konto. Melden Sie sich an wie bisher, und verbinden Sie Ihr Konto dann mit ${name}.`,
    signInAsBefore: (name) =>
      `Mit der Adresse, die ${name} von Ihnen hat, gibt es schon ein Konto. Melden Sie sich an wie bisher.`,
  },
  fields: {
    email: "E-Mail-Adresse",
    password: "Passwort",
    newPassword: "Neues Passwort",
    code: "Code",
    codeHint: "Sechs Ziffern, aus der E-Mail",
    passwordHint: (least) => `Mindestens ${least} Zeichen`,
  },
  errors: {
    email: "Geben Sie eine E-Mail-Adresse ein, etwa anna@example.com.",
    password: "Geben Sie ein Passwort ein.",
    code: "Dieser Code ist falsch oder abgelaufen.",
    credentials: "Diese Adresse und dieses Passwort passen nicht zusammen.",
    unconfirmed:
      "Bestätigen Sie zuerst Ihre Adresse: Öffnen Sie den Link in der E-Mail, die Sie erhalten haben.",
    banned: "Dieses Konto ist gesperrt.",
    exists: "Mit dieser Adresse gibt es schon ein Konto. Melden Sie sich an.",
    signupDisabled: "Hier können keine neuen Konten eröffnet werden.",
    otherBrowser:
      "Diese Anmeldung wurde in einem anderen Browser begonnen, ist schon beendet oder hat zu lange gedauert. Beginnen Sie noch einmal.",
    tooShort: (least) => `Wählen Sie ein Passwort mit mindestens ${least} Zeichen.`,
    tooCommon: "Wählen Sie ein anderes Passwort: Dieses ist leicht zu erraten.",
    unfit: "Dieses Passwort geht nicht. Wählen Sie ein kürzeres, ohne Steuerzeichen.",
    refusedByApplication: "Die App lässt das nicht zu.",
    tooMany: (minutes) =>
      minutes <= 1
        ? "Das war zu oft. Versuchen Sie es in einer Minute noch einmal."
        : `Das war zu oft. Versuchen Sie es in ${minutes} Minuten noch einmal.`,
    busy: "Der Dienst kann gerade nicht antworten. Versuchen Sie es gleich noch einmal.",
    unexpected: "Hier ist etwas schiefgegangen. Versuchen Sie es noch einmal.",
  },
};
