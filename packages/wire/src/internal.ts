/** For the other packages of Softspoken, without any promise to others. */
export { nearest, shown, unknownOption } from './option-error.ts'
