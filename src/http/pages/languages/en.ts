import type { PageWords } from "../words.ts";

const signIn = {
  title: "Sign in",
  explanation: "Press the button to sign in.",
  submit: "Sign in",
};

export const en: PageWords = {
  signIn: {
    title: "Sign in",
    submit: "Sign in",
    byMail: "Send me a link instead",
    forgot: "Forgot your password?",
    noAccount: "No account yet?",
    toSignUp: "Sign up",
  },
  signUp: {
    title: "Create an account",
    submit: "Sign up",
    hasAccount: "Do you have an account?",
    toSignIn: "Sign in",
  },
  forgotPassword: {
    title: "Forgot your password?",
    explanation: "Enter your address. You get a mail by which you choose a new password.",
    submit: "Send the mail",
  },
  checkMail: {
    title: "Check your mail",
    sentTo: [
      "A mail is on its way to ",
      ", if that address can be used here. Open its link to go on.",
    ],
    orCode: "Or enter the code that it brings.",
    orReset: "Or enter the code that it brings, and a new password.",
    submit: "Continue",
    noMail: "No mail? Look in your spam folder.",
    again: "Ask again",
  },
  resetPassword: {
    title: "Choose a new password",
    withCode: "Enter the code that the mail brought, and a new password.",
    submit: "Save the password",
  },
  confirm: {
    signup: {
      title: "Confirm your address",
      explanation: "Press the button to confirm that this address is yours.",
      submit: "Confirm the address",
    },
    invite: {
      title: "You are invited",
      explanation: "Press the button to accept the invitation.",
      submit: "Accept the invitation",
    },
    magiclink: signIn,
    email: signIn,
    recovery: {
      title: "Choose a new password",
      explanation: "Press the button to go on to the page where you choose it.",
      submit: "Continue",
    },
    email_change: {
      title: "Confirm the change of address",
      explanation: "Press the button to confirm that your account gets the new address.",
      submit: "Confirm the change",
    },
  },
  linkExpired: {
    title: "This link has expired",
    explanation: "A link is good once, and not for long. If you still need one, ask for a new one.",
    again: "Ask for a new link",
  },
  done: {
    title: "All done",
    signedIn: "You can close this page and go back to the app.",
    passwordChanged: "Your new password is saved. You can go back to the app and sign in with it.",
    confirmed: "This is confirmed. You can close this page and go back to the app.",
    halfDone: "One of two addresses is confirmed. Open the link in the mail to the other one, too.",
    invited: "The invitation is accepted. To sign in later, choose a password.",
    choosePassword: "Choose a password",
  },
  refused: {
    title: "This did not work",
    prefix: "Error: ",
    crossSite:
      "This form can only be sent from this page itself, over HTTPS, by a browser that says where it comes from.",
    back: "Back to sign-in",
  },
  provider: {
    or: "or",
    continueWith: (name) => `Continue with ${name}`,
    denied: (name) => `${name} did not sign you in, or you said no there.`,
    unusable: (name) => `The answer of ${name} cannot be used. Try again.`,
    signInAndLink: (name) =>
      `There is an account with the address that ${name} has of you. Sign in as you did before, and link ${name} to your account then.`,
    signInAsBefore: (name) =>
      `There is an account with the address that ${name} has of you. Sign in as you did before.`,
  },
  fields: {
    email: "E-mail address",
    password: "Password",
    newPassword: "New password",
    code: "Code",
    codeHint: "Six digits, from the mail",
    passwordHint: (least) => `At least ${least} characters`,
  },
  errors: {
    email: "Enter an e-mail address, such as ann@example.com.",
    password: "Enter a password.",
    code: "This code is wrong or has expired.",
    credentials: "This address and this password do not go together.",
    unconfirmed: "Confirm your address first: open the link in the mail that you got.",
    banned: "This account is locked.",
    exists: "There is an account with this address already. Sign in instead.",
    signupDisabled: "New accounts cannot be created here.",
    otherBrowser:
      "This sign-in was begun in another browser, is finished already or took too long. Begin again.",
    tooShort: (least) => `Choose a password of at least ${least} characters.`,
    tooCommon: "Choose another password: this one is easily guessed.",
    unfit: "This password cannot be used. Choose a shorter one, without control characters.",
    refusedByApplication: "The app does not allow this.",
    tooMany: (minutes) =>
      minutes <= 1
        ? "That was too often. Try again in a minute."
        : `That was too often. Try again in ${minutes} minutes.`,
    busy: "The service cannot answer now. Try again in a moment.",
    unexpected: "Something went wrong here. Try again.",
  },
};
