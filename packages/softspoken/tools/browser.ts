/** Headless Chromium through its debugging pipe, with just enough to look at a page. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'

interface Answer {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

interface View {
  readonly width: number
  readonly height: number
  readonly scheme: 'light' | 'dark'
}

/** An open page. */
export interface Page {
  /** The value of an expression in the page, as JSON; waits for a promise. */
  evaluate(expression: string): Promise<unknown>
  /** The whole page as PNG. */
  picture(): Promise<Buffer>
  close(): Promise<void>
}

/** `CHROMIUM` names the program if it is not `chromium`. */
export const chromium = process.env.CHROMIUM ?? 'chromium'

export class Browser implements AsyncDisposable {
  /** Errors of the page, from its console and its security policy. */
  readonly errors: string[] = []
  readonly #process: ChildProcess
  readonly #profile: string
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #requests = 0

  static async start(): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), 'softspoken-page-'))
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking']
    const program = spawn(
      chromium,
      [...flags, `--user-data-dir=${profile}`, '--remote-debugging-pipe', 'about:blank'],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    )
    await once(program, 'spawn')
    return new Browser(program, profile)
  }

  constructor(program: ChildProcess, profile: string) {
    this.#process = program
    this.#profile = profile
    let rest = ''
    const pipe = program.stdio[4] as Readable // as start() asked for
    pipe.setEncoding('utf8').on('data', (chunk: string) => {
      const messages = (rest + chunk).split('\0')
      rest = messages.pop() ?? ''
      for (const message of messages) this.#receive(JSON.parse(message))
    })
  }

  async open(url: string, view: View): Promise<Page> {
    const { targetId } = await this.#ask('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await this.#ask('Target.attachToTarget', { targetId, flatten: true })
    const ask = (method: string, params: object = {}) => this.#ask(method, params, sessionId)
    await ask('Log.enable')
    await ask('Runtime.enable')
    await ask('Emulation.setDeviceMetricsOverride', { ...view, deviceScaleFactor: 1, mobile: view.width < 600 })
    await ask('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: view.scheme }] })
    await ask('Emulation.setScrollbarsHidden', { hidden: true })
    await ask('Page.navigate', { url })
    return {
      async evaluate(expression) {
        const { result } = await ask('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
        return (result as { readonly value?: unknown }).value
      },
      async picture() {
        const { data } = await ask('Page.captureScreenshot', { captureBeyondViewport: true })
        return Buffer.from(String(data), 'base64')
      },
      close: async () => void (await this.#ask('Target.closeTarget', { targetId })),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, 'close')
    await this.#ask('Browser.close')
    await ended
    rmSync(this.#profile, { recursive: true, force: true })
  }

  #ask(method: string, params: object = {}, sessionId?: unknown): Promise<Record<string, unknown>> {
    const id = ++this.#requests
    const pipe = this.#process.stdio[3] as Writable // as start() asked for
    pipe.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    return new Promise((done, failed) => {
      this.#waiting.set(id, ({ result, error }) =>
        error ? failed(new Error(`${method}: ${error.message}`)) : done(result ?? {}),
      )
    })
  }
  #receive(answer: Answer): void {
    if (answer.id !== undefined) this.#waiting.get(answer.id)?.(answer)
    else if (answer.method === 'Log.entryAdded' || answer.method === 'Runtime.exceptionThrown')
      this.errors.push(JSON.stringify(answer.params))
  }
}
