import type { Words } from "../words.ts";

export const de: Words = {
  direction: "ltr",
  linkLine: "Falls die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse im Browser:",
  codeLine: "Oder geben Sie diesen Code ein, wo Sie danach gefragt wurden:",
  codeAlone: "Geben Sie diesen Code ein, wo Sie danach gefragt wurden:",
  linkLifetime: "Der Link gilt einmal und {{ link_lifetime }} lang.",
  codeLifetime: "Der Code gilt einmal und {{ code_lifetime }} lang. Geben Sie ihn niemandem.",
  sentBy: "Diese E-Mail kommt von {{ project.name }}.",
  purposes: {
    signup: {
      subject: "Bestätigen Sie Ihre Adresse für {{ project.name }}",
      heading: "Adresse bestätigen",
      paragraphs: [
        "Mit {{ email }} wurde ein Konto bei {{ project.name }} eröffnet. Bestätigen Sie, dass diese Adresse Ihnen gehört, um es zu nutzen.",
      ],
      button: "Adresse bestätigen",
      notice:
        "Falls Sie das nicht angefordert haben, ignorieren Sie diese E-Mail: ohne Sie bleibt die Adresse unbestätigt.",
    },
    invite: {
      subject: "Einladung zu {{ project.name }}",
      heading: "Sie sind eingeladen",
      paragraphs: [
        "Sie sind eingeladen, mit {{ email }} ein Konto bei {{ project.name }} zu eröffnen.",
      ],
      button: "Einladung annehmen",
      notice:
        "Falls Sie keine Einladung erwarten, ignorieren Sie diese E-Mail: ohne Sie geschieht nichts.",
    },
    magiclink: {
      subject: "Anmeldung bei {{ project.name }}",
      heading: "Anmelden",
      paragraphs: ["Melden Sie sich ohne Passwort als {{ email }} bei {{ project.name }} an."],
      button: "Anmelden",
      notice:
        "Falls Sie das nicht angefordert haben, ignorieren Sie diese E-Mail: ohne sie wird niemand angemeldet.",
    },
    recovery: {
      subject: "Neues Passwort für {{ project.name }}",
      heading: "Neues Passwort wählen",
      paragraphs: [
        "Für das Konto {{ email }} bei {{ project.name }} wurde ein neues Passwort angefordert.",
      ],
      button: "Passwort wählen",
      notice:
        "Falls Sie das nicht angefordert haben, ignorieren Sie diese E-Mail: Ihr Passwort bleibt, wie es ist.",
    },
    email_change: {
      subject: "Bestätigen Sie Ihre neue Adresse für {{ project.name }}",
      heading: "Neue Adresse bestätigen",
      paragraphs: [
        "Das Konto {{ email }} bei {{ project.name }} soll künftig {{ new_email }} verwenden. Bestätigen Sie, dass diese Adresse Ihnen gehört.",
      ],
      button: "Adresse bestätigen",
      notice:
        "Falls Sie das nicht angefordert haben, ignorieren Sie diese E-Mail: ohne Sie ändert sich nichts.",
    },
    email_change_current: {
      subject: "Bestätigen Sie die Änderung Ihrer Adresse bei {{ project.name }}",
      heading: "Änderung der Adresse bestätigen",
      paragraphs: [
        "Ihr Konto {{ email }} bei {{ project.name }} soll künftig {{ new_email }} verwenden. Bestätigen Sie, dass Sie das möchten.",
      ],
      button: "Änderung bestätigen",
      notice:
        "Falls Sie das nicht angefordert haben, bestätigen Sie nichts: womöglich benutzt jemand Ihr Konto. Ändern Sie Ihr Passwort.",
    },
    reauthentication: {
      subject: "Ihr Code für {{ project.name }}",
      heading: "Bestätigen Sie, dass Sie es sind",
      paragraphs: [
        "{{ project.name }} fragt nach diesem Code, bevor sich an Ihrem Konto {{ email }} etwas ändert.",
      ],
      notice:
        "Falls Sie das nicht angefordert haben, geben Sie den Code niemandem: womöglich benutzt jemand Ihr Konto. Ändern Sie Ihr Passwort.",
    },
    account_exists: {
      subject: "Sie haben schon ein Konto bei {{ project.name }}",
      heading: "Sie haben schon ein Konto",
      paragraphs: [
        "Jemand, vermutlich Sie, wollte mit {{ email }} ein Konto bei {{ project.name }} eröffnen. Es gibt schon eines: melden Sie sich an, oder wählen Sie ein neues Passwort, falls Sie Ihres vergessen haben.",
      ],
      button: "Anmelden",
      secondButton: "Neues Passwort wählen",
      notice: "Falls Sie es nicht waren, ignorieren Sie diese E-Mail: Ihr Konto ist unverändert.",
    },
    password_changed: {
      subject: "Ihr Passwort für {{ project.name }} wurde geändert",
      heading: "Ihr Passwort wurde geändert",
      paragraphs: ["Das Passwort Ihres Kontos {{ email }} bei {{ project.name }} wurde geändert."],
      notice:
        "Falls Sie es nicht waren, wählen Sie sofort über „Passwort vergessen“ ein neues, und sagen Sie es den Betreibern von {{ project.name }}.",
    },
    email_changed: {
      subject: "Ihre Adresse bei {{ project.name }} wurde geändert",
      heading: "Ihre Adresse wurde geändert",
      paragraphs: [
        "Ihr Konto bei {{ project.name }} verwendet jetzt {{ new_email }}. E-Mails an {{ email }} erreichen es nicht mehr.",
      ],
      notice:
        "Falls Sie es nicht waren, sagen Sie es sofort den Betreibern von {{ project.name }}.",
    },
    identity_linked: {
      subject: "Ein neuer Weg, sich bei {{ project.name }} anzumelden",
      heading: "Ein neuer Anmeldeweg wurde hinzugefügt",
      paragraphs: [
        "Bei Ihrem Konto {{ email }} bei {{ project.name }} kann man sich jetzt auch über einen weiteren Anbieter anmelden.",
      ],
      notice:
        "Falls Sie es nicht waren, entfernen Sie ihn in den Einstellungen Ihres Kontos, wählen Sie ein neues Passwort, und sagen Sie es den Betreibern von {{ project.name }}.",
    },
    identity_unlinked: {
      subject: "Ein Weg, sich bei {{ project.name }} anzumelden, wurde entfernt",
      heading: "Ein Anmeldeweg wurde entfernt",
      paragraphs: [
        "Ihr Konto {{ email }} bei {{ project.name }} hat einen Anmeldeweg weniger, und seine anderen Sitzungen wurden beendet.",
      ],
      notice:
        "Falls Sie es nicht waren, wählen Sie sofort über „Passwort vergessen“ ein neues Passwort, und sagen Sie es den Betreibern von {{ project.name }}.",
    },
  },
};
