/** A terminal of 100 columns with a shell, in which a test types the commands of a page. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'

/** Reads commands in base64, each ended by an empty line. Prints the mark at the start, and with an exit code after each. */
const loop = (mark: string) => `
  stty -echo -onlcr cols 100 rows 40
  trap : INT
  echo '${mark}'
  set -o pipefail
  while true; do
    encoded=''
    while IFS= read -r line && [ -n "$line" ]; do encoded+=$line; done
    [ -n "$encoded" ] || exit 0
    failure=0
    trap 'failure=$?' ERR
    eval "$(base64 -d <<<"$encoded")"
    trap - ERR
    printf '%s %d\\n' '${mark}' "$failure"
  done`

export class Terminal {
  readonly #mark = `end-${randomUUID()}`
  readonly #child: ChildProcess
  #text = ''
  /** What waits for the shell. */
  #typed: string | undefined = ''

  /** @param enter The words that start a program in the right place, such as `['docker', 'exec', '-it', id]` */
  constructor(enter: readonly string[], environment: Readonly<Record<string, string>>) {
    const variables = { NO_COLOR: '1', TERM: 'dumb', LC_ALL: 'C.UTF-8', ...environment }
    const exports = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    const command = [...enter, 'bash', '-c', exports.join('') + loop(this.#mark)].map(quoted).join(' ')
    this.#child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#child.stdout?.setEncoding('utf8').on('data', chunk => this.#receive(chunk))
    this.#child.stdin?.on('error', () => {}) // the shell has ended
  }

  type(code: string): void {
    this.#text = ''
    const lines =
      Buffer.from(code)
        .toString('base64')
        .match(/.{1,1000}/g) ?? []
    const text = `${lines.join('\n')}\n\n`
    if (this.#typed === undefined) this.#child.stdin?.write(text)
    else this.#typed += text
  }

  interrupt(): void {
    this.#text = ''
    this.#child.stdin?.write('\u0003')
  }

  get busy(): boolean {
    return this.read().code === undefined
  }

  /** What the command has printed, and its exit code if it has ended. Its own children may print more. */
  read(): { text: string; code: number | undefined } {
    const [before = '', code, after] = this.#text.split(new RegExp(`${this.#mark} (\\d+)\n`))
    if (code !== undefined) return { text: before + (after ?? ''), code: Number(code) }
    return { text: before, code: this.#child.exitCode ?? undefined }
  }

  #receive(chunk: string): void {
    this.#text += chunk.replaceAll('\r', '')
    if (this.#typed === undefined || !this.#text.includes(`${this.#mark}\n`)) return
    this.#text = ''
    this.#child.stdin?.write(this.#typed)
    this.#typed = undefined
  }

  stop(): void {
    this.#child.kill('SIGKILL')
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
