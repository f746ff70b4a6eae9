import { describe, expect, it } from 'vitest'
import { type Certificate, certificateFindings } from './certificate.ts'

const NOW = Date.parse('2026-11-26T12:00:00Z')
const VIP = '198.51.100.10'
const certificate = (given: Partial<Certificate> = {}): Certificate => ({
  issuer: 'CN=kubernetes',
  validTo: 'Nov 26 12:00:00 2027 GMT',
  checkIP: address => (address === VIP ? address : undefined),
  ...given,
})
const find = (given?: Partial<Certificate>, vips = [VIP]) =>
  certificateFindings(certificate(given), '127.0.0.1:6443', vips, NOW)

describe('certificateFindings()', () => {
  it('has no warning for a certificate that is for the VIP', () => {
    const line = 'Certificate: that of 127.0.0.1:6443 is for 198.51.100.10, and ends on 2027-11-26'
    expect(find()).toEqual({ lines: [line], warnings: [] })
  })
  it('names the one VIP that is missing', () => {
    const { lines, warnings } = find({}, [VIP, '2001:db8::10'])
    expect(lines).toEqual(['Certificate: that of 127.0.0.1:6443 is not for 2001:db8::10, and ends on 2027-11-26'])
    expect(warnings).toEqual([
      expect.stringMatching(/^the certificate of .* is not for 2001:db8::10, so clients refuse/),
    ])
  })
  it('names all VIPs that are missing in one warning', () => {
    const { warnings } = find({}, ['203.0.113.10', VIP, '2001:db8::10'])
    expect(warnings).toEqual([expect.stringContaining(' is not for 203.0.113.10, 2001:db8::10, so ')])
  })
  it.each([
    ['CN=kubernetes', /; with kubeadm, [^;]*$/],
    ['CN=k3s-server-ca@1766981001', /; with k3s, [^;]*$/],
    ['CN=rke2-server-ca@1771329750', /; with RKE2, [^;]*$/],
    ['O=rke2-server-ca\nCN=kubernetes', /; with kubeadm, [^;]*$/],
    ['OU=CN=kubernetes', /; with kubeadm, .*; with k3s, .*; with RKE2, /],
    ['CN=my-rke2-server-ca', /; with kubeadm, .*; with k3s, .*; with RKE2, /],
    ['', /; with kubeadm, .*; with k3s, .*; with RKE2, /],
    ['O=example\nCN=root', /; with kubeadm, .*; with k3s, .*; with RKE2, /],
  ])('has the cure for the authority %j', (issuer, cure) => {
    const { warnings } = find({ issuer, checkIP: () => undefined })
    expect(warnings).toEqual([expect.stringMatching(cure)])
  })
  it.each([
    ['Dec 26 12:00:00 2026 GMT', []],
    [
      'Dec 26 11:59:59 2026 GMT',
      [expect.stringMatching(/ ends on 2026-12-26; kubeadm certs renew apiserver [^;]*;[^;]*$/)],
    ],
    ['Nov 26 12:00:00 2026 GMT', [expect.stringContaining('127.0.0.1:6443 ends on 2026-11-26; ')]],
    ['Nov 26 11:59:59 2026 GMT', [expect.stringContaining('127.0.0.1:6443 ended on 2026-11-26; ')]],
  ])('warns of an end within 30 days: %s', (validTo, warnings) => {
    expect(find({ validTo }).warnings).toEqual(warnings)
  })
})
