/** The settings as a table for people. */
import { rows } from './settings.ts'

export function settingsTable(): string {
  const lines = rows.map(({ name, flag, value, variable, inFileOnly, text, required }) =>
    [
      `\`${name}\``,
      value ? `\`${flag}\`` : '',
      inFileOnly ? '' : `\`${variable}\``,
      required ? `${text} (required)` : text,
    ].join(' | '),
  )
  return `# Settings

In a file (\`--config\`, or \`SOFTSPOKEN_CONFIG\`) under its name, on the command line as a flag, or in the environment. A flag goes
before the environment, that before kube-vip's names, those before the file. A list in the environment has commas or
spaces between its parts.

| setting | flag | variable | |
|---|---|---|---|
${lines.map(line => `| ${line} |`).join('\n')}
`
}
