/** Writes the code for start.cjs: runs the program of the argument beside a peer that takes its route, and stops it. */
const { spawn } = require('node:child_process')
const { createServer } = require('node:net')

const marker = 'ff'.repeat(16)
/** RFC 4271 §4.2: version 4, AS 65000, hold time 90 s, BGP Identifier 192.0.2.1, no capabilities. Then a KEEPALIVE. */
const answer = Buffer.from(`${marker}001d0104fde8005ac000020100${marker}001304`, 'hex')

const peer = createServer(socket => socket.on('error', () => {}).once('data', () => socket.write(answer)))
peer.listen(0, '127.0.0.1', () => {
  const own = ['--prefix=198.51.100.10/32', '--local-as=64515', '--router-id=192.0.2.2', '--next-hop=192.0.2.2']
  const others = ['--peer=127.0.0.1', `--port=${peer.address().port}`, '--peer-as=65000', '--drain-time=0']
  const here = ['--address=none', '--require-address=false', '--http=127.0.0.1:0'] // a build has no NET_ADMIN
  const program = spawn(process.execPath, [process.argv[2], 'announce', ...own, ...others, ...here], {
    env: { WRITE_CODE: '' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let log = ''
  program.stdout.on('data', text => {
    log += text
    if (log.includes('"route sent"')) program.kill('SIGTERM')
  })
  const limit = setTimeout(() => program.kill('SIGKILL'), 60_000)
  program.on('exit', status => {
    clearTimeout(limit)
    peer.close()
    if (status === 0) return
    process.stdout.write(log)
    process.exitCode = 1
  })
})
