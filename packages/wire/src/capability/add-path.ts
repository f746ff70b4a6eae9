import { type AfiSafi, defineCapability, indexOf, readAfiSafi, writeAfiSafi } from './spec.ts'

const modes = ['receive', 'send', 'both'] as const // in the order of their codes, from 1

/** Whether the sender can receive or send path identifiers with the routes of a family. */
export interface AddPath extends AfiSafi {
  readonly mode: (typeof modes)[number]
}

/** RFC 7911 §4. */
export const addPath = defineCapability<{ readonly families: readonly AddPath[] }>({
  code: 69,
  length: 0,
  part: 4,
  read(r) {
    const families: AddPath[] = []
    while (r.left > 0) {
      const family = readAfiSafi(r)
      const mode = modes[r.u8() - 1]
      if (mode === undefined) return undefined // §4: the capability is ignored
      families.push({ ...family, mode })
    }
    return { families }
  },
  write(w, { families }) {
    for (const family of families) writeAfiSafi(w, family).u8(indexOf(modes, family.mode, 'mode') + 1)
  },
})
