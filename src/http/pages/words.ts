/** What the pages say, in one language. Plain text: it is escaped where it is written. */
export interface PageWords {
  readonly signIn: {
    readonly title: string;
    readonly submit: string;
    /** The other button, for who would rather have a mail than type a password. */
    readonly byMail: string;
    readonly forgot: string;
    readonly noAccount: string;
    readonly toSignUp: string;
  };
  readonly signUp: {
    readonly title: string;
    readonly submit: string;
    readonly hasAccount: string;
    readonly toSignIn: string;
  };
  readonly forgotPassword: {
    readonly title: string;
    readonly explanation: string;
    readonly submit: string;
  };
  readonly checkMail: {
    readonly title: string;
    /** Between the two stands the address. Nothing here tells whether anybody has it. */
    readonly sentTo: readonly [string, string];
    readonly orCode: string;
    readonly orReset: string;
    readonly submit: string;
    readonly noMail: string;
    readonly again: string;
  };
  readonly resetPassword: {
    readonly title: string;
    readonly withCode: string;
    readonly submit: string;
  };
  /** The page of a mail's link, by the link's type. */
  readonly confirm: Readonly<Record<ConfirmedType, ConfirmWords>>;
  readonly linkExpired: {
    readonly title: string;
    readonly explanation: string;
    readonly again: string;
  };
  readonly done: {
    readonly title: string;
    readonly signedIn: string;
    readonly passwordChanged: string;
    readonly confirmed: string;
    readonly halfDone: string;
    readonly invited: string;
    readonly choosePassword: string;
  };
  readonly refused: {
    readonly title: string;
    /** Before a title, where the page says what was wrong. */
    readonly prefix: string;
    readonly crossSite: string;
    readonly back: string;
  };
  readonly provider: {
    /** Between the form and the buttons. */
    readonly or: string;
    continueWith(name: string): string;
    denied(name: string): string;
    unusable(name: string): string;
    /** Of an account that has the address already, whose user alone may link. */
    signInAndLink(name: string): string;
    /** The same where the project lets nobody link. */
    signInAsBefore(name: string): string;
  };
  readonly fields: {
    readonly email: string;
    readonly password: string;
    readonly newPassword: string;
    readonly code: string;
    readonly codeHint: string;
    passwordHint(least: number): string;
  };
  readonly errors: {
    readonly email: string;
    readonly password: string;
    readonly code: string;
    readonly credentials: string;
    readonly unconfirmed: string;
    readonly banned: string;
    readonly exists: string;
    readonly signupDisabled: string;
    readonly otherBrowser: string;
    tooShort(least: number): string;
    readonly tooCommon: string;
    readonly unfit: string;
    readonly refusedByApplication: string;
    tooMany(minutes: number): string;
    readonly busy: string;
    readonly unexpected: string;
  };
}

export interface ConfirmWords {
  readonly title: string;
  readonly explanation: string;
  readonly submit: string;
}

/** The types of links whose page is a button. */
export type ConfirmedType =
  | "signup"
  | "invite"
  | "magiclink"
  | "email"
  | "recovery"
  | "email_change";
