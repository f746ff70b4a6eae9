#!/usr/local/bin/node
/**
 * Starts the program in the image with code that V8 compiled when the image was built. Node's own compile cache has only
 * what runs while a file is loaded; this one has the functions of a start and a stop, too. V8 ignores it if V8's version or
 * flags are others. WRITE_CODE makes it, at the end of a run.
 */
const { readFileSync, writeFileSync } = require('node:fs')
const { wrap } = require('node:module')
const { Script } = require('node:vm')

const filename = `${__dirname}/program.cjs`
const code = `${__dirname}/program.code`
const source = wrap(readFileSync(filename, 'utf8').replace(/^#!.*/, ''))
const write = process.env.WRITE_CODE !== undefined
const script = new Script(source, { filename, ...(!write && { cachedData: readFileSync(code) }) })
if (write) process.on('exit', () => writeFileSync(code, script.createCachedData()))
script.runInThisContext()(exports, require, module, filename, __dirname)
