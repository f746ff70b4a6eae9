import { bgpgg } from './bgpgg.ts'
import { exabgpJson, exabgpRaw } from './exabgp.ts'
import { exabgpRouter } from './exabgp-router.ts'
import type { Suite } from './suite.ts'
import { vectorSuite } from './vectors.ts'

export const suites: readonly Suite[] = [vectorSuite, exabgpRaw, exabgpJson, exabgpRouter, bgpgg]
