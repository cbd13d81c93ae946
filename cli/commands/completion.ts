import { Argument, Command } from "commander";
import { completionScript, type Shell, shells } from "../completion.ts";
import { jsonOption } from "../options.ts";
import { print } from "../output.ts";

export function completion(): Command {
  return new Command("completion")
    .description("Print a shell's completion script")
    .addArgument(new Argument("<shell>", "the shell").choices(shells))
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
  $ source <(miosa-auth completion bash)      for this shell; put the line into ~/.bashrc to keep it
  $ source <(miosa-auth completion zsh)       in ~/.zshrc, after compinit
  $ miosa-auth completion fish > ~/.config/fish/completions/miosa-auth.fish`,
    )
    .action((shell: Shell, { json }: { json?: boolean }, command: Command) => {
      const script = completionScript(command.parent ?? command, shell);
      print({ script }, json, () => [script.trimEnd()]);
    });
}
