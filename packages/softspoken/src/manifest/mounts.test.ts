import { describe, expect, it } from 'vitest'
import { hasOwnFolder, mountsOf } from './mounts.ts'

describe('mountsOf()', () => {
  it.each([
    '/tls.crt',
    '/etc/tls.crt',
    '/root/kubeconfig',
    '/var/kubeconfig',
    '/home/admin/kubeconfig',
    '/etc/kubernetes/admin.conf',
    '/etc/kubernetes/pki/etcd/ca.crt',
    '/etc/rancher/k3s/k3s.yaml',
    '/etc/ssl/certs/ca.crt',
    '/var/lib/rancher/rke2/server/tls/ca.crt',
    '/etc/vip/../kubernetes/admin.conf',
  ])('mounts only the file %s, whose folder is shared', path => {
    expect(mountsOf([path], [])).toMatchObject([{ path, type: 'File' }])
  })
  it.each([
    ['/etc/vip/tls.crt', '/etc/vip'],
    ['/etc/vip/pki/tls.crt', '/etc/vip/pki'],
    ['/srv/etc/kubernetes/ca.crt', '/srv/etc/kubernetes'],
    ['/home/admin/vip/kubeconfig', '/home/admin/vip'],
    ['/var/lib/vip/kubeconfig', '/var/lib/vip'],
    ['/etc/kubernetes-vip/ca.crt', '/etc/kubernetes-vip'],
    ['/etc/a/../vip/tls.crt', '/etc/vip'],
  ])('mounts of %s the folder, because a renewed file is another one', (file, path) => {
    expect(mountsOf([file], [])).toMatchObject([{ path, type: 'Directory' }])
  })
  it('mounts a folder once, and first the folders that it writes into', () => {
    expect(mountsOf(['/etc/vip/tls.crt', '/etc/vip/tls.key', '/srv/a/ca.crt'], ['/srv/a'])).toEqual([
      { name: 'a', path: '/srv/a', type: 'DirectoryOrCreate' },
      { name: 'vip-1', path: '/etc/vip', type: 'Directory' },
    ])
  })
  it.each([
    ['/etc/VIP_Keys.d/tls.crt', 'vip-keys-d'],
    ['/etc/_vip_/tls.crt', 'vip'],
    ['/etc/---/tls.crt', 'files'],
    [`/etc/${'x'.repeat(60)}/tls.crt`, 'x'.repeat(40)],
  ])('names the volume of %s as DNS allows', (file, name) => {
    expect(mountsOf([file], [])).toMatchObject([{ name }])
    expect(mountsOf(['/etc/a/b', file], [])).toMatchObject([{ name: 'a' }, { name: `${name}-1` }])
  })
})

describe('hasOwnFolder()', () => {
  it.each([
    '/drained',
    '/state/drained',
    '/etc/drained',
    '/etc/kubernetes/vip/drained',
    '/var/lib/drained',
    '/var/log/drained',
    '/var/run/drained',
    ...['/app/a/drained', '/dev/shm/drained', '/proc/1/drained', '/sys/fs/drained', '/usr/local/drained'],
    '/var/lib/vip/../drained',
  ])('is false for %s', file => {
    expect(hasOwnFolder(file)).toBe(false)
  })
  it.each(['/var/lib/softspoken/drained', '/srv/usr/a/drained', '/run/softspoken/drained', '/var/lib/app/x/drained'])(
    'is true for %s',
    file => {
      expect(hasOwnFolder(file)).toBe(true)
    },
  )
})
