/** A service on loopback, whose health is set by hand. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export class Service {
  healthy = true
  readonly #server: Server = createServer((_, answer) => answer.writeHead(this.healthy ? 200 : 503).end())

  static async start(): Promise<Service> {
    const service = new Service()
    await new Promise<void>(done => service.#server.listen(0, '127.0.0.1', done))
    return service
  }
  private constructor() {}

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/healthz`
  }
  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
