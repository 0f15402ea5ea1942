/** A problem that the user can fix: what is wrong, and what to do. Every failure of the set-up is one of these. */
export class SetUpProblem extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {string[]} fix lines, each a thing to do or a command to run
   */
  constructor(code, message, fix) {
    super(message)
    this.name = 'SetUpProblem'
    this.code = code
    this.fix = fix
  }
}

/** @param {unknown} error @returns {string} the text for the user */
export function describeProblem(error) {
  if (!(error instanceof SetUpProblem)) return error instanceof Error ? (error.stack ?? error.message) : String(error)
  return [`set-up failed (${error.code}): ${error.message}`, ...error.fix.map((line) => `  fix: ${line}`)].join('\n')
}

const ofCache = {
  full: 'free about 1.5 GB there, or name another place: IMCLR_CACHE=/somewhere/larger npm run setup',
  closed: 'name another place: IMCLR_CACHE=/somewhere/writable npm run setup',
}

/**
 * Turns an error about a full or read-only disk, which any step may meet, into a problem with a fix. Returns other
 * errors unchanged.
 */
export function asDiskProblem(error, folder, fix = ofCache) {
  if (['ENOSPC', 'EDQUOT'].includes(error?.code))
    return new SetUpProblem('disk-full', `no space left in ${folder}`, [fix.full])
  if (['EACCES', 'EROFS', 'EPERM'].includes(error?.code))
    return new SetUpProblem('no-access', `${folder} cannot be written (${error.code})`, [fix.closed])
  return error
}
