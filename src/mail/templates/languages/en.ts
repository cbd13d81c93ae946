import type { Words } from "../words.ts";

export const en: Words = {
  direction: "ltr",
  linkLine: "If the button does not work, open this address in your browser:",
  codeLine: "Or enter this code where you were asked for it:",
  codeAlone: "Enter this code where you were asked for it:",
  linkLifetime: "The link works once, for {{ link_lifetime }}.",
  codeLifetime: "The code works once, for {{ code_lifetime }}. Do not give it to anyone.",
  sentBy: "This mail was sent by {{ project.name }}.",
  purposes: {
    signup: {
      subject: "Confirm your address for {{ project.name }}",
      heading: "Confirm your address",
      paragraphs: [
        "An account at {{ project.name }} was opened with {{ email }}. Confirm that this address is yours to use it.",
      ],
      button: "Confirm address",
      notice: "If you did not ask for this, ignore it: without you the address stays unconfirmed.",
    },
    invite: {
      subject: "You are invited to {{ project.name }}",
      heading: "You are invited",
      paragraphs: ["You are invited to open an account at {{ project.name }} with {{ email }}."],
      button: "Accept invitation",
      notice: "If you do not expect this, ignore it: without you nothing happens.",
    },
    magiclink: {
      subject: "Sign in to {{ project.name }}",
      heading: "Sign in",
      paragraphs: ["Sign in to {{ project.name }} as {{ email }} without a password."],
      button: "Sign in",
      notice: "If you did not ask for this, ignore it: nobody is signed in without this mail.",
    },
    recovery: {
      subject: "Choose a new password for {{ project.name }}",
      heading: "Choose a new password",
      paragraphs: [
        "A new password was asked for, for the account {{ email }} at {{ project.name }}.",
      ],
      button: "Choose a password",
      notice: "If you did not ask for this, ignore it: your password stays as it is.",
    },
    email_change: {
      subject: "Confirm your new address for {{ project.name }}",
      heading: "Confirm your new address",
      paragraphs: [
        "The account {{ email }} at {{ project.name }} is to use {{ new_email }} from now on. Confirm that this address is yours.",
      ],
      button: "Confirm address",
      notice: "If you did not ask for this, ignore it: without you nothing changes.",
    },
    email_change_current: {
      subject: "Confirm the change of your address at {{ project.name }}",
      heading: "Confirm the change of your address",
      paragraphs: [
        "Your account {{ email }} at {{ project.name }} is to use {{ new_email }} from now on. Confirm that you want this.",
      ],
      button: "Confirm change",
      notice:
        "If you did not ask for this, do not confirm it: somebody may be using your account. Change your password.",
    },
    reauthentication: {
      subject: "Your code for {{ project.name }}",
      heading: "Confirm that it is you",
      paragraphs: [
        "{{ project.name }} asks for this code before it changes your account {{ email }}.",
      ],
      notice:
        "If you did not ask for this, give the code to nobody: somebody may be using your account. Change your password.",
    },
    account_exists: {
      subject: "You already have an account at {{ project.name }}",
      heading: "You already have an account",
      paragraphs: [
        "Somebody, probably you, wanted to open an account at {{ project.name }} with {{ email }}. There is one already: sign in, or choose a new password if you forgot yours.",
      ],
      button: "Sign in",
      secondButton: "Choose a new password",
      notice: "If it was not you, ignore this: your account is as it was.",
    },
    password_changed: {
      subject: "Your password for {{ project.name }} was changed",
      heading: "Your password was changed",
      paragraphs: ["The password of your account {{ email }} at {{ project.name }} was changed."],
      notice:
        "If it was not you, choose a new password at once by way of “forgot password”, and tell those who run {{ project.name }}.",
    },
    email_changed: {
      subject: "Your address at {{ project.name }} was changed",
      heading: "Your address was changed",
      paragraphs: [
        "Your account at {{ project.name }} now uses {{ new_email }}. Mail to {{ email }} no longer reaches it.",
      ],
      notice: "If it was not you, tell those who run {{ project.name }} at once.",
    },
    identity_linked: {
      subject: "A new way to sign in to {{ project.name }}",
      heading: "A new way to sign in was added",
      paragraphs: [
        "Your account {{ email }} at {{ project.name }} can now be signed in to by another provider as well.",
      ],
      notice:
        "If it was not you, take it away in your account’s settings, choose a new password, and tell those who run {{ project.name }}.",
    },
    identity_unlinked: {
      subject: "A way to sign in to {{ project.name }} was taken away",
      heading: "A way to sign in was taken away",
      paragraphs: [
        "Your account {{ email }} at {{ project.name }} has one way less to be signed in to, and its other sessions were ended.",
      ],
      notice:
        "If it was not you, choose a new password at once by way of “forgot password”, and tell those who run {{ project.name }}.",
    },
  },
};
