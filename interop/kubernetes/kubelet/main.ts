/** Runs pod-program.ts beside containerd and a kubelet, with the image of the program, and prints what it prints. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildAnnouncerImage } from '../../lab/announcer-image.ts'
import { build } from '../../lab/setup.ts'
import { kubelet } from '../assets.ts'
import { inContainer } from '../container.ts'
import { IMAGE, PAUSE } from './kubelet.ts'

const binary = kubelet()
build()
const image = 'softspoken-interop/kubelet'
docker(['build', '--network', 'host', '--tag', image, fileURLToPath(new URL('.', import.meta.url))])
docker(['tag', buildAnnouncerImage(), IMAGE])
docker(['build', '--tag', PAUSE, '-'], `FROM ${IMAGE}\nENTRYPOINT ["node", "--eval", "setInterval(() => {}, 1e9)"]\n`) // what keeps a Pod's namespaces

const folder = mkdtempSync(join(tmpdir(), 'softspoken-kubelet-'))
try {
  docker(['save', '--output', join(folder, 'images.tar'), IMAGE, PAUSE])
  const options = [
    // All that --privileged grants but SYS_RESOURCE, which a machine that is itself a container cannot grant.
    ...['--cap-add', 'ALL', '--cap-drop', 'SYS_RESOURCE', '--device', '/dev/kmsg', '--device-cgroup-rule', 'a *:* rwm'],
    ...['--cgroupns', 'private', '--tmpfs', '/run', '--volume', '/var/lib/containerd'], // an overlay cannot be on an overlay
    ...['--volume', `${folder}:/images:ro`, '--volume', `${binary}:/usr/local/bin/kubelet:ro`],
  ]
  for await (const line of inContainer('kubelet/pod-program.ts', [], { image, options })) console.log(line)
} finally {
  rmSync(folder, { recursive: true })
}

function docker(args: readonly string[], input = ''): void {
  const env = { DOCKER_BUILDKIT: '0', ...process.env }
  execFileSync('docker', args, { input, env, stdio: 'pipe' })
}
