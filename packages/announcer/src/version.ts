/** The version of this package, and of `@softspoken/wire` and `@softspoken/session`, which are released with it. */
export const version = '0.1.0' // set it with package.json; a test compares them
