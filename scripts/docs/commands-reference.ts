import yargs, { type CommandModule } from 'yargs';
import { COMMANDS } from '../../cli/commands.ts';

const WIDTH = 110;

/** The commands by name. */
async function commandModules(): Promise<Map<string, CommandModule>> {
  const modules = await Promise.all(COMMANDS.map(async ({ load }) => (await load()) as CommandModule));
  const named = modules.map((module) => [String(module.command).split(' ')[0]!, module] as const);
  return new Map(named.sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** What `cem WORDS --help` prints, without the options that every command takes. */
async function helpOf(command: CommandModule, words: readonly string[]): Promise<string> {
  const parser = yargs([]).detectLocale(false).scriptName('cem').command(command).version(false).wrap(WIDTH).exitProcess(false);
  let printed = '';
  await parser.parseAsync([...words, '--help'], {}, (_error, _argv, output) => {
    printed = output;
  });
  return printed
    .split('\n')
    .filter((line) => !/^ +--help\b/.test(line))
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/\n\nOptions:\n*(?=$|\n\n)/, '')
    .trim();
}

/** Commands below a command, e.g. `embed` of `cem teacher`, from its help. */
function subcommands(name: string, help: string): string[] {
  return [...help.matchAll(/^ {2}cem (\S+) ([a-z-]+)(?= )/gm)]
    .filter(([, first]) => first === name)
    .map(([, , second]) => second!);
}

const block = (text: string): string => `\`\`\`text\n${text}\n\`\`\``;

/** docs/commands.md: the help of every command, from the commands themselves. */
export async function commandsReference(): Promise<string> {
  const parts = [
    '# Commands',
    'Made by `npm run docs` from the commands; do not edit.',
    'In a checkout a command is called as `npm run cem -- COMMAND`, and as `cem COMMAND` where the package is installed. Every command takes `--json` (one JSON document on standard output and nothing else there), ' +
      '`--backend auto|tensorflow|webgpu|wasm|cpu` and `--help`. Exit codes: 0 done, 1 failed, 2 wrong usage.',
  ];
  for (const [name, command] of await commandModules()) {
    const help = await helpOf(command, [name]);
    parts.push(`## cem ${name}`, block(help));
    const inner = help.includes('\nCommands:\n') ? subcommands(name, help.slice(help.indexOf('\nCommands:\n'))) : [];
    for (const word of inner) parts.push(`### cem ${name} ${word}`, block(await helpOf(command, [name, word])));
  }
  return `${parts.join('\n\n')}\n`;
}
