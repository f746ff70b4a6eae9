/** Writes the files in captures/. */
import { writeFileSync } from 'node:fs'
import { samples } from './samples.ts'

for (const [name, make] of Object.entries(samples))
  writeFileSync(new URL(`../../captures/${name}`, import.meta.url), make())
