/** The keys of the lab: an authority, the API server's certificate, an administrator, a token for the agents. */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Keys {
  readonly folder: string
  readonly token: string
  /** A path of this file in the folder. */
  file(name: string): string
}

/** As kubeadm, whose certificate has no 127.0.0.1: a client that dials the loopback must verify the name `kubernetes`. */
const NAMES = 'DNS:kubernetes,IP:2001:db8:6::10,IP:198.51.100.100'

export function makeKeys(folder: string): Keys {
  mkdirSync(folder, { recursive: true })
  const file = (name: string): string => join(folder, name)
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' })
  const makeKey = (name: string): void =>
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', file(name))
  const certify = (name: string, subject: string, extensions: string): void => {
    makeKey(`${name}.key`)
    openssl('req', '-new', '-key', file(`${name}.key`), '-subj', subject, '-out', file(`${name}.csr`))
    writeFileSync(file(`${name}.ext`), extensions)
    const authority = ['-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-CAcreateserial']
    const rest = ['-days', '7', '-extfile', file(`${name}.ext`), '-out', file(`${name}.crt`)]
    openssl('x509', '-req', '-in', file(`${name}.csr`), ...authority, ...rest)
  }
  makeKey('ca.key')
  openssl('req', '-x509', '-new', '-key', file('ca.key'), '-subj', '/CN=lab-ca', '-days', '7', '-out', file('ca.crt'))
  certify('apiserver', '/CN=kube-apiserver', `subjectAltName=${NAMES}\nextendedKeyUsage=serverAuth\n`)
  certify('admin', '/O=system:masters/CN=admin', 'extendedKeyUsage=clientAuth\n')
  makeKey('sa.key')
  openssl('ec', '-in', file('sa.key'), '-pubout', '-out', file('sa.pub'))
  const token = randomBytes(16).toString('hex')
  writeFileSync(file('token'), token)
  writeFileSync(file('tokens.csv'), `${token},vip-agent,vip-agent,vip-agents\n`)
  // On a node the API server is on the loopback, under the name of its certificate.
  writeFileSync(file('agent.conf'), kubeconfig('https://127.0.0.1:6443', file('ca.crt'), `tokenFile: ${file('token')}`))
  const admin = `client-certificate: ${file('admin.crt')}, client-key: ${file('admin.key')}`
  writeFileSync(file('admin.conf'), kubeconfig('https://[2001:db8:6::10]:6443', file('ca.crt'), admin))
  return { folder, token, file }
}

function kubeconfig(server: string, ca: string, user: string): string {
  return `apiVersion: v1
kind: Config
clusters: [{name: lab, cluster: {server: "${server}", tls-server-name: kubernetes, certificate-authority: ${ca}}}]
users: [{name: agent, user: {${user}}}]
contexts: [{name: lab, context: {cluster: lab, user: agent}}]
current-context: lab
`
}
