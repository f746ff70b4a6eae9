/**
 * For the programs that measure, through `--import` in package.json, and for Vitest, through its configuration: the reader
 * of a pipe may stop before the end (`… | head -3`). What they print after that is dropped. They go on: they have a lab to
 * take down or a page to write.
 */
for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
