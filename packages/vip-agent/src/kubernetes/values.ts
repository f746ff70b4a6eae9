/** Values that a kubeconfig, a service account and an exec command have in common. Each is undefined if it cannot be used. */
import type { X509Certificate } from 'node:crypto'

/** Without a slash at its end. A password in a URL would be shown in errors, so it is refused. */
export function serverUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined
  const { protocol, username, password, search, hash, origin, pathname } = new URL(text)
  if (protocol !== 'https:' || username !== '' || password !== '' || search !== '' || hash !== '') return undefined
  return `${origin}${pathname.replace(/\/+$/, '')}`
}

/** For a token with or without a line end behind it. */
export function authorizationOf(token: string): string | undefined {
  return /^[!-~]+$/.test(token.trim()) ? `Bearer ${token.trim()}` : undefined
}

/**
 * All certificates of PEM text, which may have the key, too, as kubelet writes it. Each block must be whole, because a file
 * that is being written may end within one, and Node ignores an authority that it cannot read.
 */
export function certificatesIn(pem: Buffer): X509Certificate[] | undefined {
  const { X509Certificate } = process.getBuiltinModule('node:crypto')
  const text = pem.toString('latin1')
  const begun = text.split('-----BEGIN ').length - 1
  const whole = text.match(/-----BEGIN ([^-]+)-----[\s\S]*?-----END \1-----/g) ?? []
  const certificates = whole.filter(block => block.startsWith('-----BEGIN CERTIFICATE-'))
  if (certificates.length === 0 || whole.length !== begun) return undefined
  try {
    return certificates.map(block => new X509Certificate(block))
  } catch {
    return undefined
  }
}

/** Whether it is the key of the first certificate, without a passphrase. */
export function isKeyOf(key: Buffer, cert: Buffer): boolean {
  const { createPrivateKey } = process.getBuiltinModule('node:crypto')
  try {
    return certificatesIn(cert)?.[0]?.checkPrivateKey(createPrivateKey(key)) ?? false
  } catch {
    return false
  }
}

/** The host of a URL, without the brackets of IPv6. */
export function hostOf(server: string): string {
  return new URL(server).hostname.replace(/^\[|\]$/g, '')
}

export function isAddress(host: string): boolean {
  return process.getBuiltinModule('node:net').isIP(host) !== 0
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isAddress(host) && host.startsWith('127.'))
}
