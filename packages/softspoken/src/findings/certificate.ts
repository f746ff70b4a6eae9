/** Whether the certificate of the API server is for the VIPs: otherwise a client that asks there refuses it. */
import type { X509Certificate } from 'node:crypto'
import type { Findings } from './finding.ts'

export type Certificate = Pick<X509Certificate, 'checkIP' | 'validTo' | 'issuer'>

const SOON = 30 // days
const DAY = 86_400_000 // milliseconds

/** How each distribution makes another certificate. kubeadm keeps one that it finds. */
const cures = {
  kubeadm:
    'with kubeadm, put it into apiServer.certSANs of its configuration, move apiserver.crt and apiserver.key out of /etc/kubernetes/pki, run kubeadm init phase certs apiserver --config <file>, and restart the API server',
  k3s: 'with k3s, put it into tls-san of /etc/rancher/k3s/config.yaml, and restart k3s',
  rke2: 'with RKE2, put it into tls-san of /etc/rancher/rke2/config.yaml, and restart rke2-server',
} as const
const renewals = {
  kubeadm: 'kubeadm certs renew apiserver renews it; then restart the API server',
  k3s: 'k3s renews it when it is restarted',
  rke2: 'RKE2 renews it when rke2-server is restarted',
} as const
type Distribution = keyof typeof cures

/** `place`: the API server. `vips`: addresses. `now`: milliseconds of the wall clock. */
export function certificateFindings(
  certificate: Certificate,
  place: string,
  vips: readonly string[],
  now: number,
): Findings {
  const missing = vips.filter(vip => certificate.checkIP(vip) === undefined)
  const maker = distributionOf(certificate)
  const end = new Date(certificate.validTo)
  const names = missing.join(', ')
  const covers = missing.length === 0 ? `for ${vips.join(', ')}` : `not for ${names}`
  const warnings: string[] = []
  if (missing.length > 0)
    warnings.push(
      `the certificate of the API server ${place} is not for ${names}, so clients refuse the API server there; ${cureOf(cures, maker)}`,
    )
  const left = end.getTime() - now
  if (left < SOON * DAY) {
    const ends = left < 0 ? 'ended' : 'ends'
    warnings.push(`the certificate of the API server ${place} ${ends} on ${dayOf(end)}; ${cureOf(renewals, maker)}`)
  }
  return { lines: [`Certificate: that of ${place} is ${covers}, and ends on ${dayOf(end)}`], warnings }
}

/** By the name of its authority. Undefined: another one, as with certificates of one's own. */
function distributionOf({ issuer }: Certificate): Distribution | undefined {
  const [, name = ''] = /^CN=(.*)$/m.exec(issuer) ?? []
  if (name.startsWith('k3s-server-ca')) return 'k3s'
  if (name.startsWith('rke2-server-ca')) return 'rke2'
  return name === 'kubernetes' ? 'kubeadm' : undefined
}
function cureOf(texts: Readonly<Record<Distribution, string>>, maker: Distribution | undefined): string {
  return maker === undefined ? Object.values(texts).join('; ') : texts[maker]
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10)
}
