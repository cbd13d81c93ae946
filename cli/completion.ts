import type { Argument, Command, Option } from "commander";

export const shells = ["bash", "zsh", "fish"] as const;

export type Shell = (typeof shells)[number];

/** What can follow the words of one command. */
interface Place {
  /** The command's words without the program's name, such as `project create`. */
  readonly path: string;
  readonly candidates: readonly Candidate[];
  /** Flags that take a value, with the values that are known. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

interface Candidate {
  readonly word: string;
  readonly description: string;
}

/** The completion script of a shell, made from the commands and flags that there are. */
export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program, []);
  return writers[shell](program.name(), places);
}

const writers: Record<Shell, (name: string, places: readonly Place[]) => string> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

function placesOf(command: Command, path: readonly string[]): Place[] {
  const children = command.commands.filter((child) => child.name() !== "help");
  const options = command.options.filter((option) => !option.hidden);
  const place = {
    path: path.join(" "),
    candidates: [
      ...children.map((child) => ({ word: child.name(), description: child.description() })),
      ...command.registeredArguments.flatMap(choicesOf),
      ...options.flatMap((option) => flagsOf(option)),
      { word: "--help", description: "say more" },
    ],
    values: new Map(
      options
        .filter((option) => option.required || option.optional)
        .flatMap((option) => flagsOf(option).map(({ word }) => [word, option.argChoices ?? []])),
    ),
  };
  return [place, ...children.flatMap((child) => placesOf(child, [...path, child.name()]))];
}

function choicesOf({ argChoices, description }: Argument): Candidate[] {
  return (argChoices ?? []).map((word) => ({ word, description }));
}

function flagsOf({ long, description }: Option): Candidate[] {
  return long ? [{ word: long, description }] : [];
}

// Both shells walk the words before the cursor: flags and what belongs to them are no commands.
function walk(places: readonly Place[], word: string): string {
  const withValue = [...new Set(places.flatMap(({ values }) => [...values.keys()]))].sort();
  const steps = places.filter(({ path }) => path !== "").map(({ path }) => quote(path));
  return `    case "${word}" in
      ${withValue.join("|")}) skip=1; continue ;;
      -*) continue ;;
    esac
    case "\${place:+$place }${word}" in
      ${steps.join("|")}) place="\${place:+$place }${word}" ;;
    esac`;
}

function bashScript(name: string, places: readonly Place[]): string {
  const fn = `_${name.replaceAll("-", "_")}`;
  return `# ${name}: completion for bash. Load it with: source <(${name} completion bash)
${fn}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local place="" skip="" word index
  for ((index = 1; index < COMP_CWORD; index++)); do
    word="\${COMP_WORDS[index]}"
    if [[ -n $skip ]]; then skip=""; continue; fi
${walk(places, "$word")}
  done
  COMPREPLY=()
  case "$place $previous" in
${valueCases(places, (words) => `COMPREPLY=($(compgen ${words.length > 0 ? `-W ${quote(words.join(" "))}` : "-f"} -- "$current"))`)}
  esac
  local candidates=""
  case "$place" in
${placeCases(places, ({ candidates }) => `candidates=${quote(candidates.map(({ word }) => word).join(" "))}`)}
  esac
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
}
complete -F ${fn} ${name}
`;
}

function zshScript(name: string, places: readonly Place[]): string {
  const fn = `_${name.replaceAll("-", "_")}`;
  return `#compdef ${name}
# ${name}: completion for zsh. Load it with: source <(${name} completion zsh)
${fn}() {
  local previous="\${words[CURRENT-1]}" place="" skip="" word index
  local -a candidates
  for ((index = 2; index < CURRENT; index++)); do
    word="\${words[index]}"
    if [[ -n $skip ]]; then skip=""; continue; fi
${walk(places, "$word")}
  done
  case "$place $previous" in
${valueCases(places, (words) => (words.length > 0 ? `compadd -- ${words.map(quote).join(" ")}` : "_files"))}
  esac
  case "$place" in
${placeCases(places, ({ candidates }) => `candidates=(${candidates.map(described).map(quote).join(" ")})`)}
  esac
  _describe ${name} candidates
}
compdef ${fn} ${name}
`;
}

function fishScript(name: string, places: readonly Place[]): string {
  const fn = `__${name.replaceAll("-", "_")}_place`;
  const withValue = [...new Set(places.flatMap(({ values }) => [...values.keys()]))].sort();
  const paths = places.filter(({ path }) => path !== "").map(({ path }) => quote(path));
  const lines = places.flatMap(({ path, candidates, values }) =>
    candidates.map(({ word, description }) => {
      const what = word.startsWith("--")
        ? `-l ${word.slice(2)}${values.has(word) ? " -r" : ""}`
        : `-a ${word}`;
      const known = values.get(word) ?? [];
      const list = known.length > 0 ? ` -f -a ${quote(known.join(" "))}` : "";
      return `complete -c ${name} -n ${quote(`test "$(${fn})" = "${path}"`)} ${what}${list} -d ${quote(description)}`;
    }),
  );
  return `# ${name}: completion for fish. Load it with: ${name} completion fish | source
function ${fn}
  set -l place
  set -l skip
  for word in (commandline -opc)[2..]
    if test -n "$skip"
      set skip
      continue
    end
    if contains -- $word ${withValue.join(" ")}
      set skip 1
      continue
    end
    if contains -- (string join ' ' $place $word) ${paths.join(" ")}
      set -a place $word
    end
  end
  string join ' ' $place
end
complete -c ${name} -f
${lines.join("\n")}
`;
}

function valueCases(places: readonly Place[], action: (words: readonly string[]) => string) {
  return places
    .flatMap(({ path, values }) =>
      [...values].map(
        ([flag, words]) => `    ${quote(`${path} ${flag}`)}) ${action(words)}; return ;;`,
      ),
    )
    .join("\n");
}

function placeCases(places: readonly Place[], action: (place: Place) => string): string {
  return places.map((place) => `    ${quote(place.path)}) ${action(place)} ;;`).join("\n");
}

// A colon divides a word from its description.
function described({ word, description }: Candidate): string {
  return `${word.replaceAll(":", "\\:")}:${description}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
