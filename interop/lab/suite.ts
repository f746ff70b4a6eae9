/** The Debian suites whose daemons are tested. CI tests those of stable, the first one; the other one has newer releases. */
export const suites = ['trixie', 'forky'] as const

export type Suite = (typeof suites)[number]

/** The suite of this process. */
export const suite: Suite = suites.find(one => one === process.env.SOFTSPOKEN_SUITE) ?? 'trixie'

/** A daemon's image, in the given suite. The images of stable have no tag. */
export function imageOf(name: string, from: Suite = suite): string {
  return `softspoken-interop/${name}${from === 'trixie' ? '' : `:${from}`}`
}
