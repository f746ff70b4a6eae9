/** The options as a table for people. */
import { optionTable, peerOptionNames } from '../src/config/options.ts'

export function optionsPage(): string {
  const lines = optionTable.map(({ name, flag, value, variable, inFileOnly, text, required }) =>
    [
      `\`${name}\``,
      value ? `\`${flag}\`` : '',
      inFileOnly ? '' : `\`${variable}\``,
      required ? `${text} (required)` : text,
    ].join(' | '),
  )
  return `# Options

In a file (\`--config\`, or \`SOFTSPOKEN_CONFIG\`) under its name, on the command line as a flag, or in the environment. A flag goes
before the environment, that before kube-vip's names, those before the file. Only what holds is judged: a variable that a
flag overrides may have any value.

- A list in the environment has commas or spaces between its parts. White space around a value is left out, but not around
  a key.
- An empty value is refused, and so are a flag with one value that is given twice, a name that is twice in a file, and an
  unknown flag or name in a file.
- An unknown variable that begins with \`SOFTSPOKEN_\` is a warning. Those that Kubernetes sets for a Service called
  softspoken are not ours.
- No error, warning or log line shows a key, or the text of a file. Of the address of \`health\` its origin and path are shown.
- Each of \`peers\` has ${peerOptionNames.slice(0, 2).join(' and ')}, and perhaps ${peerOptionNames.slice(2).join(', ')}.

| option | flag | variable | |
|---|---|---|---|
${lines.map(line => `| ${line} |`).join('\n')}
`
}
